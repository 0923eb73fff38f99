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

// All filters, transformed. Two bands share a complex transform: the first is the real part of the
// signal that comes out, the second the imaginary part.
struct FilterBank {
  double rate_hz;
  HarvestRange range;
  std::vector<Band> bands;
  Fft fft;
  std::vector<double> re, im;

  FilterBank(HarvestRange of_range, double at_rate_hz);

  std::size_t n_pairs() const { return (bands.size() + 1) / 2; }
};

// The filters are the same from recording to recording: the bank used last is kept.
std::shared_ptr<const FilterBank> filter_bank(HarvestRange range, double rate_hz);

// A signal in overlapping blocks, transformed once for all bands.
class FilteredSignal {
 public:
  FilteredSignal(const std::vector<double>& signal, const FilterBank& bank);

  // Filter by the two bands of a pair (the last pair may have one); outputs are as long as the
  // signal and one sample early. `space` is working memory, kept from call to call.
  void filter(std::size_t pair, std::vector<double>& space, std::vector<double>& first,
              std::vector<double>& second) const;

 private:
  const FilterBank& bank_;
  std::size_t overlap_, n_, body_;  // samples; a block holds a body and an overlap on either side
  Ripple ripple_;
  std::vector<double> re_, im_;
};

}  // namespace lemf
