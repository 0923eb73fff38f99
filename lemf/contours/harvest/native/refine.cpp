// Candidates are refined by the instantaneous frequency of their harmonics.
#include <algorithm>
#include <cmath>
#include <deque>
#include <map>

#include "simd.hpp"
#include "steps.hpp"
#include "threads.hpp"

namespace lemf {
namespace {

constexpr int kSpread = 3;  // frames to either side in which a candidate is tried, too
constexpr int kHarmonics = 6;
constexpr std::size_t kStretch = 256;  // frames that a thread takes at a time
constexpr double kLowestScore = 2.5;
constexpr double kTiny = 1e-12;
constexpr double kNeighbour = 0.05;  // largest relative step to the next frame

using Doubles = std::vector<double>;

// The signal forwards and backwards, its outermost samples held beyond the ends.
struct Held {
  std::ptrdiff_t margin;  // samples
  Doubles forwards, backwards;

  Held(const Doubles& signal, std::size_t margin_samples)
      : margin(static_cast<std::ptrdiff_t>(margin_samples)),
        forwards(signal.size() + 2 * margin_samples, signal.front()) {
    std::copy(signal.begin(), signal.end(), forwards.begin() + margin);
    std::fill(forwards.end() - margin, forwards.end(), signal.back());
    backwards.assign(forwards.rbegin(), forwards.rend());
  }

  // The sample at a place and those after it, the sample and those before it.
  const double* after(std::ptrdiff_t place) const { return &forwards[place + margin]; }
  const double* before(std::ptrdiff_t place) const {
    return &backwards[backwards.size() - 1 - (place + margin)];
  }
};

// The samples about a position under a window and under its slope, folded about the middle: sums and
// differences of those at either side, then zeros to the end of the vector registers.
struct Folded {
  int half = 0;
  AlignedDoubles main_sum, main_difference, slope_sum, slope_difference;

  void start(int new_half) {
    half = new_half;
    for (AlignedDoubles* part : {&main_sum, &main_difference, &slope_sum, &slope_difference}) {
      part->resize(half + 1);
      std::fill(part->data() + half + 1, part->data() + part->size(), 0.0);
    }
  }
};

// Cosine and sine of the multiples of an angle.
struct Turn {
  AlignedDoubles cosine, sine;

  void start(double step, std::size_t n) {
    cosine.resize(n);
    sine.resize(n);
    for (std::size_t k = 0; k < n; ++k) {
      cosine.data()[k] = std::cos(step * static_cast<double>(k));
      sine.data()[k] = std::sin(step * static_cast<double>(k));
    }
  }
};

// The bins of the harmonics: transforms of the signal and of its slope.
struct Bins {
  double main_re[kHarmonics], main_im[kHarmonics], slope_re[kHarmonics], slope_im[kHarmonics];
};

// Two bins at once, `first` and the next.
LEMF_SIMD void transform(const Folded& x, const Turn& turn1, const Turn& turn2, int first,
                         Bins& bins) {
  Lanes zero = {0.0, 0.0, 0.0, 0.0};
  Lanes mr1 = zero, mi1 = zero, dr1 = zero, di1 = zero;
  Lanes mr2 = zero, mi2 = zero, dr2 = zero, di2 = zero;
  const double *sums = x.main_sum.data(), *differences = x.main_difference.data();
  const double *slope_sums = x.slope_sum.data(), *slope_differences = x.slope_difference.data();
  const double *cosine1 = turn1.cosine.data(), *sine1 = turn1.sine.data();
  const double *cosine2 = turn2.cosine.data(), *sine2 = turn2.sine.data();
  for (std::size_t n = 0; n < x.main_sum.size(); n += kLanes) {
    Lanes ms, md, ds, dd, c1, s1, c2, s2;
    LEMF_LOAD(ms, sums + n);
    LEMF_LOAD(md, differences + n);
    LEMF_LOAD(ds, slope_sums + n);
    LEMF_LOAD(dd, slope_differences + n);
    LEMF_LOAD(c1, cosine1 + n);
    LEMF_LOAD(s1, sine1 + n);
    LEMF_LOAD(c2, cosine2 + n);
    LEMF_LOAD(s2, sine2 + n);
    mr1 += ms * c1;
    mi1 += md * s1;
    dr1 += ds * c1;
    di1 += dd * s1;
    mr2 += ms * c2;
    mi2 += md * s2;
    dr2 += ds * c2;
    di2 += dd * s2;
  }
  bins.main_re[first] = LEMF_TOTAL(mr1);
  bins.main_im[first] = -LEMF_TOTAL(mi1);
  bins.slope_re[first] = LEMF_TOTAL(dr1);
  bins.slope_im[first] = -LEMF_TOTAL(di1);
  bins.main_re[first + 1] = LEMF_TOTAL(mr2);
  bins.main_im[first + 1] = -LEMF_TOTAL(mi2);
  bins.slope_re[first + 1] = LEMF_TOTAL(dr2);
  bins.slope_im[first + 1] = -LEMF_TOTAL(di2);
}

// A Blackman window at n samples after and before the middle; 0 beyond its ends.
LEMF_SIMD void make_window(int half, const double* __restrict cosine, const double* __restrict sine,
                           double shift_re, double shift_im, double* __restrict later,
                           double* __restrict earlier) {
  for (int n = 0; n <= half; ++n) {
    const double even = cosine[n] * shift_re, odd = sine[n] * shift_im;
    const double after = even - odd, before = even + odd;
    later[n] = 0.34 + after * (0.5 + 0.16 * after);
    earlier[n] = 0.34 + before * (0.5 + 0.16 * before);
  }
  later[half + 1] = earlier[half + 1] = 0.0;
}

LEMF_SIMD void fold_samples(int half, const double* __restrict after,
                            const double* __restrict before, const double* __restrict later,
                            const double* __restrict earlier, double* __restrict ms,
                            double* __restrict md, double* __restrict ds, double* __restrict dd) {
  ms[0] = after[0] * later[0];
  ds[0] = after[0] * (earlier[1] - later[1]) * 0.5;
  md[0] = dd[0] = 0.0;
  for (int n = 1; n <= half; ++n) {
    const double ml = after[n] * later[n], me = before[n] * earlier[n];
    const double dl = after[n] * (later[n - 1] - later[n + 1]) * 0.5;
    const double de = before[n] * (earlier[n + 1] - earlier[n - 1]) * 0.5;
    ms[n] = ml + me;
    md[n] = ml - me;
    ds[n] = dl + de;
    dd[n] = dl - de;
  }
}

// The harmonics of a frame as one window and one choice of bins show them.
struct Harmonics {
  int half;
  int bins[kHarmonics];
  double f0_hz;                   // mean over the harmonics
  double each_f0_hz[kHarmonics];  // of each harmonic
};

// Refines the candidates of one frame after another.
class Refiner {
 public:
  Refiner(const Held& signal, double rate_hz, HarvestRange range)
      : signal_(&signal), rate_hz_(rate_hz), range_(range) {}

  void go_to(double position_s) {
    position_s_ = position_s;
    n_folded_ = 0;
    seen_.clear();
  }

  // The refined candidate, or 0 with score 0 if the signal is not harmonic there.
  Candidate refine(double f0_hz) {
    const int n_harmonics = std::min(static_cast<int>(rate_hz_ / 2.0 / f0_hz), kHarmonics);
    const Harmonics& harmonics = measure(f0_hz, n_harmonics);
    double error = 0.0;
    for (int h = 0; h < n_harmonics; ++h) error += std::fabs(harmonics.each_f0_hz[h] - f0_hz);
    const double refined = harmonics.f0_hz;
    const double score = 1.0 / (error / f0_hz / n_harmonics + kTiny);
    if (refined < range_.floor_hz || refined > range_.ceiling_hz || score < kLowestScore)
      return {0.0, 0.0};
    return {refined, score};
  }

 private:
  // Neighbouring candidates often take the same window and bins: they are measured once.
  const Harmonics& measure(double f0_hz, int n_harmonics) {
    Harmonics found{};
    found.half = static_cast<int>(1.5 * rate_hz_ / f0_hz + 1.0);
    int fft_size = 4;
    for (int doubled = 2; doubled <= 2 * found.half + 1; doubled *= 2) fft_size *= 2;
    const double bins_a_hz = fft_size / rate_hz_;
    for (int h = 0; h < n_harmonics; ++h)
      found.bins[h] = round_half_away(f0_hz * bins_a_hz * (h + 1));
    for (const Harmonics& other : seen_)
      if (other.half == found.half && std::equal(found.bins, found.bins + kHarmonics, other.bins))
        return other;
    const Folded& windowed = folded(found.half);
    Bins bins;
    for (int h = 0; h < kHarmonics; h += 2)
      transform(windowed, turn_of(fft_size, found.bins[h]), turn_of(fft_size, found.bins[h + 1]),
                h, bins);
    double numerator = 0.0, denominator = 0.0;
    for (int h = 0; h < n_harmonics; ++h) {
      const double mr = bins.main_re[h], mi = bins.main_im[h];
      const double power = mr * mr + mi * mi;
      const double cross = mr * bins.slope_im[h] - mi * bins.slope_re[h];
      const double frequency =
          power == 0.0 ? 0.0
                       : found.bins[h] / bins_a_hz + cross / power * (rate_hz_ / 2.0 / kPi);
      const double amplitude = std::sqrt(power);
      numerator += amplitude * frequency;
      denominator += amplitude * (h + 1.0);
      found.each_f0_hz[h] = frequency / (h + 1.0);
    }
    found.f0_hz = numerator / (denominator + kTiny);
    seen_.push_back(found);
    return seen_.back();
  }

  const Folded& folded(int half) {
    for (std::size_t i = 0; i < n_folded_; ++i)
      if (folded_[i].half == half) return folded_[i];
    if (n_folded_ == folded_.size()) folded_.emplace_back();
    Folded& folded = folded_[n_folded_++];
    folded.start(half);
    const int length = 2 * half + 1;
    const int middle =
        round_half_away((position_s_ + -half / rate_hz_) * rate_hz_ + 0.001) - 1 + half;
    // time of the middle sample relative to the position, in samples
    const double offset = middle - position_s_ * rate_hz_;
    const double shift_re = std::cos(2.0 * kPi * offset / length);
    const double shift_im = std::sin(2.0 * kPi * offset / length);
    const Turn& turn = window_turn_of(half);
    later_.resize(half + 2);
    earlier_.resize(half + 2);
    make_window(half, turn.cosine.data(), turn.sine.data(), shift_re, shift_im, later_.data(),
                earlier_.data());
    fold_samples(half, signal_->after(middle), signal_->before(middle), later_.data(),
                 earlier_.data(), folded.main_sum.data(), folded.main_difference.data(),
                 folded.slope_sum.data(), folded.slope_difference.data());
    return folded;
  }

  // Half a turn under a window; the same lengths come again and again.
  const Turn& window_turn_of(int half) {
    if (window_turns_.size() <= static_cast<std::size_t>(half)) window_turns_.resize(half + 1);
    Turn& turn = window_turns_[half];
    if (turn.cosine.empty()) turn.start(2.0 * kPi / (2 * half + 1), half + 1);
    return turn;
  }

  // The multiples of one bin of the transform that WORLD takes.
  const Turn& turn_of(int fft_size, int bin) {
    std::vector<Turn>& turns = turns_[fft_size];
    if (turns.empty()) turns.resize(fft_size / 2 + 1);
    Turn& turn = turns[bin];
    // a window is shorter than half the transform
    if (turn.cosine.empty()) turn.start(2.0 * kPi * bin / fft_size, fft_size / 4);
    return turn;
  }

  const Held* signal_;
  double rate_hz_;
  HarvestRange range_;
  std::vector<Turn> window_turns_;           // by half the window
  std::map<int, std::vector<Turn>> turns_;   // by the transform's size and the bin
  double position_s_ = 0.0;
  std::vector<Harmonics> seen_;  // at this position
  std::deque<Folded> folded_;    // the first n_folded_ are of this position
  std::size_t n_folded_ = 0;
  Doubles later_, earlier_;
};

// Whether a frame holds a candidate within 5 % of an F0.
bool has_neighbour(double f0_hz, const std::vector<Candidate>& frame) {
  for (const Candidate& other : frame)
    if (std::fabs(f0_hz - other.f0_hz) <= kNeighbour * f0_hz) return true;
  return false;
}

}  // namespace

Candidates refine(const Decimated& signal, const std::vector<Doubles>& raw, HarvestRange range,
                  std::size_t n_threads) {
  const std::ptrdiff_t n_frames = static_cast<std::ptrdiff_t>(raw.size());
  const std::size_t n_stretches = (raw.size() + kStretch - 1) / kStretch;
  // a raw F0 is never below the floor, and no frame lies further than a period beyond the ends
  const Held held(signal.samples,
                  static_cast<std::size_t>(3.0 * signal.rate_hz / range.floor_hz) + 8);
  Candidates refined(raw.size());
  std::vector<Refiner> refiners(std::min(n_threads, n_stretches),
                                Refiner(held, signal.rate_hz, range));
  in_parallel(n_stretches, refiners.size(), [&](std::size_t thread, std::size_t stretch) {
    Refiner& refiner = refiners[thread];
    const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(stretch * kStretch);
    const std::ptrdiff_t stop = std::min<std::ptrdiff_t>(start + kStretch, n_frames);
    for (std::ptrdiff_t i = start; i < stop; ++i) {
      refiner.go_to(static_cast<double>(i) / 1000.0);
      // the frame itself first, then those before, then those after: the order breaks ties
      for (int j = 0; j <= 2 * kSpread; ++j) {
        const std::ptrdiff_t source = j <= kSpread ? i - j : i + (j - kSpread);
        if (source < 0 || source >= n_frames) continue;
        for (double f0_hz : raw[source]) {
          const Candidate candidate = refiner.refine(f0_hz);
          if (candidate.f0_hz > 0) refined[i].push_back(candidate);
        }
      }
    }
  });
  Candidates reliable = refined;
  for (std::ptrdiff_t i = 1; i + 1 < n_frames; ++i) {
    auto alone = [&](const Candidate& candidate) {
      return !has_neighbour(candidate.f0_hz, refined[i + 1]) &&
             !has_neighbour(candidate.f0_hz, refined[i - 1]);
    };
    auto& frame = reliable[i];
    frame.erase(std::remove_if(frame.begin(), frame.end(), alone), frame.end());
  }
  return reliable;
}

}  // namespace lemf
