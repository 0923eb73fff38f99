#include "filter_bank.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "simd.hpp"

namespace lemf {
namespace {

constexpr double kChannelsPerOctave = 40.0;
constexpr std::size_t kShortestBlock = 4096;  // samples

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

std::size_t block_size(std::size_t longest_half) {
  std::size_t size = kShortestBlock;
  while (size < 8 * longest_half) size *= 2;
  return size;
}

LEMF_SIMD void multiply(std::size_t n, const double* __restrict ar, const double* __restrict ai,
                        const double* __restrict br, const double* __restrict bi,
                        double* __restrict re, double* __restrict im) {
  for (std::size_t k = 0; k < n; ++k) {
    re[k] = ar[k] * br[k] - ai[k] * bi[k];
    im[k] = ar[k] * bi[k] + ai[k] * br[k];
  }
}

}  // namespace

FilterBank::FilterBank(HarvestRange of_range, double at_rate_hz)
    : rate_hz(at_rate_hz),
      range(of_range),
      bands(bands_of(range, rate_hz)),
      fft(block_size(bands[0].half())),
      re(n_pairs() * fft.size()),
      im(re.size()) {
  std::vector<double> space = fft.make_space();
  for (std::size_t pair = 0; pair < n_pairs(); ++pair) {
    std::fill(space.begin(), space.end(), 0.0);
    for (std::size_t b = 2 * pair; b < std::min(2 * pair + 2, bands.size()); ++b)
      for (std::size_t i = 0; i < bands[b].taps.size(); ++i)
        space[b % 2 * fft.apart() + i] = bands[b].taps[i] / static_cast<double>(fft.size());
    fft.forward(space);
    std::copy_n(&space[0], fft.size(), &re[pair * fft.size()]);
    std::copy_n(&space[fft.apart()], fft.size(), &im[pair * fft.size()]);
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

FilteredSignal::FilteredSignal(const std::vector<double>& signal, const FilterBank& bank)
    : bank_(bank),
      overlap_(bank.bands[0].half()),
      n_(signal.size()),
      body_(bank.fft.size() - 2 * overlap_),
      ripple_(signal, bank.rate_hz, bank.bands[0].centre_hz, body_) {
  const std::size_t size = bank.fft.size(), n_blocks = (n_ + body_ - 1) / body_;
  re_.resize(n_blocks * size);
  im_.resize(n_blocks * size);
  std::vector<double> space = bank.fft.make_space();
  for (std::size_t b = 0; b < n_blocks; ++b) {
    std::fill(space.begin(), space.end(), 0.0);
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = b * body_ + i + 1;  // in the signal, from `overlap_` before it
      if (place >= overlap_ && place - overlap_ < n_) space[i] = signal[place - overlap_];
    }
    bank.fft.forward(space);
    std::copy_n(&space[0], size, &re_[b * size]);
    std::copy_n(&space[bank.fft.apart()], size, &im_[b * size]);
  }
}

void FilteredSignal::filter(std::size_t pair, std::vector<double>& space,
                            std::vector<double>& first, std::vector<double>& second) const {
  const std::size_t size = bank_.fft.size();
  const Band& band1 = bank_.bands[2 * pair];
  const Band& band2 = bank_.bands[std::min(2 * pair + 1, bank_.bands.size() - 1)];
  const Ripple::Wave wave1 = ripple_.of(band1.taps), wave2 = ripple_.of(band2.taps);
  if (space.empty()) space = bank_.fft.make_space();
  double *re = &space[0], *im = &space[bank_.fft.apart()];
  first.resize(n_);
  second.resize(n_);
  for (std::size_t b = 0; b * body_ < n_; ++b) {
    multiply(size, &re_[b * size], &im_[b * size], &bank_.re[pair * size], &bank_.im[pair * size],
             re, im);
    bank_.fft.inverse(space);
    const std::size_t start = b * body_, count = std::min(body_, n_ - start);
    ripple_.add(wave1, start, count, &re[overlap_ + band1.half()], &first[start]);
    ripple_.add(wave2, start, count, &im[overlap_ + band2.half()], &second[start]);
  }
}

}  // namespace lemf
