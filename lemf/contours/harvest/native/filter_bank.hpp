// Band-pass filters with 40 channels per octave, and a signal that goes through them.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "fft.hpp"
#include "ripple.hpp"
#include "steps.hpp"

namespace lemf {

struct Band {
  double centre_hz;
  std::vector<double> taps;  // an odd number

  std::size_t half() const { return taps.size() / 2; }
};

// Pairs of bands whose filters are about as long, for blocks of one size. Two bands share a complex
// transform: the first is the real part of the signal that comes out, the second the imaginary
// part.
struct BandGroup {
  std::size_t first_pair, n_pairs;
  std::size_t overlap;  // samples; a block holds a body and an overlap on either side
  Fft fft;
  AlignedDoubles spectra;  // real and imaginary part of each pair

  std::size_t body() const { return fft.size() - 2 * overlap; }
  Fft::Parts spectrum(std::size_t pair) const {
    const double* re = spectra.data() + 2 * (pair - first_pair) * fft.size();
    return {re, re + fft.size()};
  }
};

// All filters, transformed.
struct FilterBank {
  double rate_hz;
  HarvestRange range;
  std::vector<Band> bands;
  std::vector<BandGroup> groups;

  FilterBank(HarvestRange of_range, double at_rate_hz);
};

// The filters are the same from recording to recording: the bank used last is kept.
std::shared_ptr<const FilterBank> filter_bank(HarvestRange range, double rate_hz);

// A signal in overlapping blocks, transformed once for the bands of a group.
class FilteredSignal {
 public:
  FilteredSignal(const Kernels& kernels, const std::vector<double>& signal, const BandGroup& group);

  std::size_t n_blocks() const { return n_blocks_; }
  // First sample of a block and their number.
  std::size_t start(std::size_t block) const { return block * group_.body(); }
  std::size_t count(std::size_t block) const;

  // Filter a block by the two bands of a pair. Before the block's samples lie `overlap` others and
  // half the taps of the band; all are one sample early.
  Fft::Parts filter(std::size_t pair, std::size_t block, double* space) const;

 private:
  const Kernels& kernels_;
  const BandGroup& group_;
  std::size_t n_, n_blocks_;
  AlignedDoubles spectra_;  // real and imaginary part of each block
};

}  // namespace lemf
