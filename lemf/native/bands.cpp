// Band-pass filters at 40 channels an octave; the distances of their zero crossings are raw F0s.
#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>

#include "fft.hpp"
#include "simd.hpp"
#include "steps.hpp"

namespace lemf {
namespace {

constexpr double kChannelsPerOctave = 40.0;

struct Band {
  double centre_hz;
  int half;  // the filter has 2 half + 1 taps
};

std::vector<Band> bands_of(HarvestRange range, double rate_hz) {
  const double low = range.floor_hz * 0.9, high = range.ceiling_hz * 1.1;
  const int n = 1 + static_cast<int>(std::log(high / low) / std::log(2.0) * kChannelsPerOctave);
  std::vector<Band> bands(n);
  for (int i = 0; i < n; ++i) {
    const double centre = low * std::pow(2.0, (i + 1) / kChannelsPerOctave);
    bands[i] = {centre, round_half_away(rate_hz / centre * 2.0)};
  }
  return bands;
}

// A cosine at the centre frequency under a Nuttall window.
std::vector<double> taps_of(const Band& band, double rate_hz) {
  std::vector<double> taps(2 * band.half + 1);
  for (int i = 0; i < static_cast<int>(taps.size()); ++i) {
    const double t = i / (taps.size() - 1.0);
    const double window = 0.355768 - 0.487396 * std::cos(2.0 * kPi * t) +
                          0.144232 * std::cos(4.0 * kPi * t) - 0.012604 * std::cos(6.0 * kPi * t);
    taps[i] = window * std::cos(2 * kPi * band.centre_hz * (i - band.half) / rate_hz);
  }
  return taps;
}

// All filters, transformed. Two bands share a complex transform: the first is the real part of the
// signal that comes out, the second the imaginary part.
struct FilterBank {
  double rate_hz;
  HarvestRange range;
  std::vector<Band> bands;
  std::size_t size;  // of a transform
  std::vector<double> re, im;

  FilterBank(HarvestRange of_range, double at_rate_hz)
      : rate_hz(at_rate_hz), range(of_range), bands(bands_of(range, rate_hz)), size(4096) {
    while (size < 8 * static_cast<std::size_t>(bands[0].half)) size *= 2;
    re.assign((bands.size() + 1) / 2 * size, 0.0);
    im.assign(re.size(), 0.0);
    Fft fft(size);
    for (std::size_t b = 0; b < bands.size(); ++b) {
      const std::vector<double> taps = taps_of(bands[b], rate_hz);
      double* part = (b % 2 == 0 ? re : im).data() + b / 2 * size;
      for (std::size_t i = 0; i < taps.size(); ++i) part[i] = taps[i] / size;
    }
    for (std::size_t first = 0; first < re.size(); first += size)
      fft.forward(&re[first], &im[first]);
  }
};

// The filters are the same from recording to recording: the bank used last is kept.
std::shared_ptr<const FilterBank> filter_bank(HarvestRange range, double rate_hz) {
  static std::mutex mutex;
  static std::shared_ptr<const FilterBank> last;
  const std::lock_guard<std::mutex> lock(mutex);
  const bool fits = last && last->rate_hz == rate_hz && last->range.floor_hz == range.floor_hz &&
                    last->range.ceiling_hz == range.ceiling_hz;
  if (!fits) last = std::make_shared<const FilterBank>(range, rate_hz);
  return last;
}

LEMF_SIMD void multiply(std::size_t n, const double* __restrict ar, const double* __restrict ai,
                        const double* __restrict br, const double* __restrict bi,
                        double* __restrict re, double* __restrict im) {
  for (std::size_t k = 0; k < n; ++k) {
    re[k] = ar[k] * br[k] - ai[k] * bi[k];
    im[k] = ar[k] * bi[k] + ai[k] * br[k];
  }
}

// The signal in overlapping blocks, transformed once for all bands.
class Blocks {
 public:
  Blocks(const std::vector<double>& signal, const FilterBank& bank)
      : bank_(bank),
        overlap_(static_cast<std::size_t>(bank.bands[0].half)),
        n_(signal.size()),
        body_(bank.size - 2 * overlap_),
        fft_(bank.size),
        block_re_(bank.size),
        block_im_(bank.size) {
    const std::size_t n_blocks = (n_ + body_ - 1) / body_;
    re_.assign(n_blocks * bank.size, 0.0);
    im_.assign(n_blocks * bank.size, 0.0);
    for (std::size_t b = 0; b < n_blocks; ++b) {
      double* block = &re_[b * bank.size];
      for (std::size_t i = 0; i < bank.size; ++i) {
        const std::size_t place = b * body_ + i + 1;  // in the signal, from `overlap_` before it
        if (place >= overlap_ && place - overlap_ < n_) block[i] = signal[place - overlap_];
      }
      fft_.forward(block, &im_[b * bank.size]);
    }
  }

  // Filter by two bands of the bank, of which `pair` holds the first and the second.
  void filter(std::size_t pair, std::vector<double>& first, std::vector<double>& second) {
    const std::size_t size = bank_.size;
    const std::size_t later = std::min(2 * pair + 1, bank_.bands.size() - 1);
    const std::size_t delay1 = overlap_ + bank_.bands[2 * pair].half;
    const std::size_t delay2 = overlap_ + bank_.bands[later].half;
    for (std::size_t b = 0; b * body_ < n_; ++b) {
      multiply(size, &re_[b * size], &im_[b * size], &bank_.re[pair * size],
               &bank_.im[pair * size], block_re_.data(), block_im_.data());
      fft_.inverse(block_re_.data(), block_im_.data());
      const std::size_t start = b * body_, count = std::min(body_, n_ - start);
      std::copy_n(&block_re_[delay1], count, &first[start]);
      std::copy_n(&block_im_[delay2], count, &second[start]);
    }
  }

 private:
  const FilterBank& bank_;
  std::size_t overlap_, n_, body_;  // samples; a block holds a body and an overlap on either side
  Fft fft_;
  std::vector<double> block_re_, block_im_;
  std::vector<double> re_, im_;
};

struct Crossings {
  std::vector<double> at;  // samples, with fractions

  void add(std::size_t edge, double before, double after) {
    at.push_back(edge - before / (after - before));
  }
};

// Mark where the signal (1) or its slope (2) may cross zero; most samples do not.
LEMF_SIMD void mark_changes(const double* __restrict x, std::size_t n,
                            unsigned char* __restrict marks) {
  for (std::size_t i = 0; i < n; ++i) {
    const double slope = x[i + 1] - x[i], next = x[i + 2] - x[i + 1];
    marks[i] = static_cast<unsigned char>((x[i] * x[i + 1] <= 0.0 ? 1 : 0) |
                                          (slope * next <= 0.0 ? 2 : 0));
  }
}

// Zero crossings downwards and upwards, of the signal and of its slope, in one pass.
void find_crossings(const std::vector<double>& x, std::vector<unsigned char>& marks,
                    Crossings (&found)[4]) {
  for (Crossings& kind : found) kind.at.clear();
  const std::size_t n = x.size();
  if (n < 2) return;
  marks.assign(n - 1, 3);  // the last has no slope after it; it is looked at below
  mark_changes(x.data(), n - 2, marks.data());
  for (std::size_t i = 0; i + 1 < n; ++i) {
    if (marks[i] == 0) continue;
    const double a = x[i], b = x[i + 1];
    if (0.0 < a && b <= 0.0) found[0].add(i + 1, a, b);
    if (a < 0.0 && 0.0 <= b) found[1].add(i + 1, a, b);
    if (i + 2 == n) break;
    const double slope = b - a, next = x[i + 2] - b;
    if (0.0 < slope && next <= 0.0) found[2].add(i + 1, slope, next);
    if (slope < 0.0 && 0.0 <= next) found[3].add(i + 1, slope, next);
  }
}

// Add the F0 of each interval between crossings, interpolated to each millisecond.
__attribute__((noinline)) void add_interpolated(const std::vector<double>& at, double rate_hz, std::vector<double>& sum) {
  const std::size_t n = at.size() - 1;  // intervals, at least 3
  std::size_t k = 0;
  auto place = [&](std::size_t i) { return (at[i] + at[i + 1]) / 2.0 / rate_hz; };
  auto f0 = [&](std::size_t i) { return rate_hz / (at[i + 1] - at[i]); };
  double x0 = place(0), x1 = place(1), y0 = f0(0), y1 = f0(1);
  double slope = (y1 - y0) / (x1 - x0);
  for (std::size_t frame = 0; frame < sum.size(); ++frame) {
    const double t = frame / 1000.0;
    if (t >= x1 && k + 2 < n) {
      do {
        ++k;
      } while (k + 2 < n && t >= place(k + 1));
      x0 = place(k), x1 = place(k + 1), y0 = f0(k), y1 = f0(k + 1);
      slope = (y1 - y0) / (x1 - x0);
    }
    sum[frame] += y0 + (t - x0) * slope;
  }
}

}  // namespace

std::vector<std::vector<double>> raw_candidates(const Decimated& signal, std::size_t n_frames,
                                                HarvestRange range) {
  const std::shared_ptr<const FilterBank> bank = filter_bank(range, signal.rate_hz);
  const std::vector<Band>& bands = bank->bands;
  Blocks blocks(signal.samples, *bank);
  std::vector<std::vector<double>> raw(bands.size(), std::vector<double>(n_frames, 0.0));
  std::vector<double> filtered[2];
  for (auto& output : filtered) output.resize(signal.samples.size());
  Crossings found[4];
  std::vector<unsigned char> marks;
  for (std::size_t b = 0; b < bands.size(); b += 2) {
    const std::size_t other = std::min(b + 1, bands.size() - 1);
    blocks.filter(b / 2, filtered[0], filtered[1]);
    for (std::size_t i = b; i <= other; ++i) {
      find_crossings(filtered[i - b], marks, found);
      if (std::any_of(found, found + 4, [](const Crossings& c) { return c.at.size() < 4; }))
        continue;
      for (const Crossings& kind : found) add_interpolated(kind.at, signal.rate_hz, raw[i]);
      const double low = std::max(bands[i].centre_hz * 0.9, range.floor_hz);
      const double high = std::min(bands[i].centre_hz * 1.1, range.ceiling_hz);
      for (double& f0_hz : raw[i]) {
        f0_hz /= 4.0;
        if (!(f0_hz >= low && f0_hz <= high)) f0_hz = 0.0;
      }
    }
  }
  return raw;
}

}  // namespace lemf
