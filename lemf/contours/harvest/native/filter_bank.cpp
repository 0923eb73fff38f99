#include "filter_bank.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

namespace lemf {
namespace {

constexpr double kChannelsPerOctave = 40.0;
constexpr std::size_t kSmallestBlock = 512, kLargestBlock = 4096;  // samples
constexpr double kStartOfBlock = 3.0;  // work for each block, in radix-2 steps of the transform

// A cosine at the centre frequency under a Nuttall window of four periods.
std::vector<double> taps_of(double centre_hz, double rate_hz) {
  const int half = round_half_away(rate_hz / centre_hz * 2.0);
  std::vector<double> taps(2 * half + 1);
  for (int i = 0; i < static_cast<int>(taps.size()); ++i) {
    const double t = i / (taps.size() - 1.0);
    const double window = 0.355768 - 0.487396 * std::cos(2.0 * kPi * t) +
                          0.144232 * std::cos(4.0 * kPi * t) - 0.012604 * std::cos(6.0 * kPi * t);
    taps[i] = window * std::cos(2 * kPi * centre_hz * (i - half) / rate_hz);
  }
  return taps;
}

// From 10 % below the range to 10 % above it.
std::vector<Band> bands_of(HarvestRange range, double rate_hz) {
  const double low = range.floor_hz * 0.9, high = range.ceiling_hz * 1.1;
  const int n = 1 + static_cast<int>(std::log(high / low) / std::log(2.0) * kChannelsPerOctave);
  std::vector<Band> bands;
  for (int i = 1; i <= n; ++i) {
    const double centre_hz = low * std::pow(2.0, i / kChannelsPerOctave);
    bands.push_back({centre_hz, taps_of(centre_hz, rate_hz)});
  }
  return bands;
}

// The size with the least work per sample for filters of this length.
std::size_t block_size(std::size_t half) {
  std::size_t best = 0;
  double least = 0.0;
  for (std::size_t size = kSmallestBlock; best == 0 || size <= kLargestBlock; size *= 2) {
    if (size < 4 * half) continue;
    const double n = static_cast<double>(size);
    const double work = n * (std::log2(n) + kStartOfBlock) / (n - 2.0 * static_cast<double>(half));
    if (best == 0 || work < least) {
      best = size;
      least = work;
    }
  }
  return best;
}

}  // namespace

FilterBank::FilterBank(HarvestRange of_range, double at_rate_hz)
    : rate_hz(at_rate_hz), range(of_range), bands(bands_of(range, rate_hz)) {
  const std::size_t n_pairs = (bands.size() + 1) / 2;
  for (std::size_t pair = 0; pair < n_pairs; ++pair) {
    const std::size_t half = bands[2 * pair].half(), size = block_size(half);
    if (groups.empty() || groups.back().fft.size() != size)
      groups.push_back({pair, 0, half, Fft(size), {}});
    ++groups.back().n_pairs;
  }
  const Kernels& kernels = *find_kernels();
  for (BandGroup& group : groups) {
    const std::size_t size = group.fft.size();
    group.spectra.resize(2 * group.n_pairs * size);
    AlignedDoubles space(group.fft.space());
    for (std::size_t pair = 0; pair < group.n_pairs; ++pair) {
      std::fill_n(space.data(), group.fft.space(), 0.0);
      for (std::size_t part = 0; part < 2; ++part) {
        const std::size_t b = 2 * (group.first_pair + pair) + part;
        if (b == bands.size()) break;
        for (std::size_t i = 0; i < bands[b].taps.size(); ++i)
          space.data()[part * group.fft.apart() + i] =
              bands[b].taps[i] / static_cast<double>(size);
      }
      const Fft::Parts parts = group.fft.forward(kernels, space.data());
      std::copy_n(parts.re, size, group.spectra.data() + 2 * pair * size);
      std::copy_n(parts.im, size, group.spectra.data() + (2 * pair + 1) * size);
    }
  }
}

std::shared_ptr<const FilterBank> filter_bank(HarvestRange range, double rate_hz) {
  static std::mutex mutex;
  static std::shared_ptr<const FilterBank> last;
  const std::lock_guard<std::mutex> lock(mutex);
  const bool fits = last && last->rate_hz == rate_hz && last->range.floor_hz == range.floor_hz &&
                    last->range.ceiling_hz == range.ceiling_hz;
  if (!fits) last = std::make_shared<const FilterBank>(range, rate_hz);
  return last;
}

FilteredSignal::FilteredSignal(const Kernels& kernels, const std::vector<double>& signal,
                               const BandGroup& group)
    : kernels_(kernels),
      group_(group),
      n_(signal.size()),
      n_blocks_((n_ + group.body() - 1) / group.body()),
      spectra_(2 * n_blocks_ * group.fft.size()) {
  const std::size_t size = group.fft.size(), early = group.overlap;
  AlignedDoubles space(group.fft.space());
  for (std::size_t block = 0; block < n_blocks_; ++block) {
    std::fill_n(space.data(), group.fft.space(), 0.0);
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = start(block) + i + 1;  // in the signal, from `early` before it
      if (place >= early && place - early < n_) space.data()[i] = signal[place - early];
    }
    const Fft::Parts parts = group.fft.forward(kernels, space.data());
    std::copy_n(parts.re, size, spectra_.data() + 2 * block * size);
    std::copy_n(parts.im, size, spectra_.data() + (2 * block + 1) * size);
  }
}

std::size_t FilteredSignal::count(std::size_t block) const {
  return std::min(group_.body(), n_ - start(block));
}

Fft::Parts FilteredSignal::filter(std::size_t pair, std::size_t block, double* space) const {
  const double* re = spectra_.data() + 2 * block * group_.fft.size();
  return group_.fft.inverse_of_product(kernels_, {re, re + group_.fft.size()},
                                       group_.spectrum(pair), space);
}

}  // namespace lemf
