// Raw F0s of neighbouring bands become candidates; each is refined by its instantaneous frequency.
#include <algorithm>
#include <cmath>
#include <map>

#include "simd.hpp"
#include "steps.hpp"

namespace lemf {
namespace {

constexpr int kFewestBands = 10;   // that agree for a candidate
constexpr int kSpread = 3;         // frames to either side that a candidate is tried in, too
constexpr int kHarmonics = 6;
constexpr int kLanes = 8;          // harmonics, filled up for vector registers
constexpr double kLowestScore = 2.5;
constexpr double kTiny = 1e-12;
constexpr double kNeighbour = 0.05;  // largest relative step to the next frame

// Mean raw F0 of each run of bands that have one, by frame.
std::vector<std::vector<double>> runs_of_bands(const std::vector<std::vector<double>>& raw) {
  const std::size_t n_bands = raw.size(), n_frames = raw[0].size();
  std::vector<std::vector<double>> means(n_frames);
  std::vector<double> sum(n_frames, 0.0);
  std::vector<int> length(n_frames, 0);
  // the outermost bands never take part
  for (std::size_t band = 1; band < n_bands; ++band) {
    const double* f0_hz = raw[band].data();
    const bool last = band + 1 == n_bands;
    for (std::size_t i = 0; i < n_frames; ++i) {
      if (!last && f0_hz[i] > 0) {
        sum[i] += f0_hz[i];
        ++length[i];
      } else if (length[i] > 0) {
        if (length[i] >= kFewestBands) means[i].push_back(sum[i] / length[i]);
        sum[i] = 0.0;
        length[i] = 0;
      }
    }
  }
  return means;
}

// Folded about the window's centre: sums and differences of the samples at either side.
struct Folded {
  std::vector<double> main_sum, main_difference, slope_sum, slope_difference;
};

// The sums of all harmonics at one window, of the signal and of its slope.
struct Spectra {
  Lanes main_re[2], main_im[2], slope_re[2], slope_im[2];
};

LEMF_SIMD void accumulate(int half, const Folded& x, const double* step_re, const double* step_im,
                          Spectra& sums) {
  const double* ms = x.main_sum.data();
  const double* md = x.main_difference.data();
  const double* ds = x.slope_sum.data();
  const double* dd = x.slope_difference.data();
  const Lanes kr0 = Lanes{step_re[0], step_re[1], step_re[2], step_re[3]}, kr1 = Lanes{step_re[4], step_re[5], step_re[6], step_re[7]};
  const Lanes ki0 = Lanes{step_im[0], step_im[1], step_im[2], step_im[3]}, ki1 = Lanes{step_im[4], step_im[5], step_im[6], step_im[7]};
  Lanes c0 = LEMF_ALL(1.0), c1 = c0, s0 = LEMF_ALL(0.0), s1 = s0;
  Lanes mr0 = LEMF_ALL(ms[0]), mr1 = mr0, mi0 = s0, mi1 = s0;
  Lanes dr0 = LEMF_ALL(ds[0]), dr1 = dr0, di0 = s0, di1 = s0;
  for (int n = 1; n <= half; ++n) {
    const Lanes next0 = c0 * kr0 - s0 * ki0, next1 = c1 * kr1 - s1 * ki1;
    s0 = c0 * ki0 + s0 * kr0;
    s1 = c1 * ki1 + s1 * kr1;
    c0 = next0;
    c1 = next1;
    const Lanes a = LEMF_ALL(ms[n]), b = LEMF_ALL(md[n]), c = LEMF_ALL(ds[n]), d = LEMF_ALL(dd[n]);
    mr0 += a * c0;
    mr1 += a * c1;
    mi0 -= b * s0;
    mi1 -= b * s1;
    dr0 += c * c0;
    dr1 += c * c1;
    di0 -= d * s0;
    di1 -= d * s1;
  }
  sums = {{mr0, mr1}, {mi0, mi1}, {dr0, dr1}, {di0, di1}};
}

struct Turn {
  std::vector<double> cosine, sine;
};

class Refiner {
 public:
  Refiner(const Decimated& signal, HarvestRange range) : x_(signal.samples), rate_hz_(signal.rate_hz), range_(range) {}

  // The candidate nearer to the truth, or 0 with score 0 if the signal is not harmonic there.
  Candidate refine(double position_s, double f0_hz) {
    const int half = static_cast<int>(1.5 * rate_hz_ / f0_hz + 1.0);
    const int length = 2 * half + 1;
    fold(position_s, half);
    int fft_size = 4;
    for (int doubled = 2; doubled <= length; doubled *= 2) fft_size *= 2;
    const Turn& circle = circle_of(fft_size);
    const int n_harmonics = std::min(static_cast<int>(rate_hz_ / 2.0 / f0_hz), kHarmonics);
    double step_re[kLanes], step_im[kLanes];
    int bins[kLanes] = {};
    for (int h = 0; h < kLanes; ++h) {
      bins[h] = h < n_harmonics ? round_half_away(f0_hz * fft_size / rate_hz_ * (h + 1)) : 0;
      step_re[h] = circle.cosine[bins[h]];
      step_im[h] = circle.sine[bins[h]];
    }
    Spectra sums;
    accumulate(half, folded_, step_re, step_im, sums);
    double numerator = 0.0, denominator = 0.0, error = 0.0;
    for (int h = 0; h < n_harmonics; ++h) {
      const double mr = sums.main_re[h / 4][h % 4], mi = sums.main_im[h / 4][h % 4];
      const double dr = sums.slope_re[h / 4][h % 4], di = sums.slope_im[h / 4][h % 4];
      const double power = mr * mr + mi * mi;
      const double cross = mr * di - mi * dr;
      const double frequency =
          power == 0.0 ? 0.0
                       : bins[h] * rate_hz_ / fft_size + cross / power * rate_hz_ / 2.0 / kPi;
      const double amplitude = std::sqrt(power);
      numerator += amplitude * frequency;
      denominator += amplitude * (h + 1.0);
      error += std::fabs((frequency / (h + 1.0) - f0_hz) / f0_hz);
    }
    const double refined = numerator / (denominator + kTiny);
    const double score = 1.0 / (error / n_harmonics + kTiny);
    if (refined < range_.floor_hz || refined > range_.ceiling_hz || score < kLowestScore)
      return {0.0, 0.0};
    return {refined, score};
  }

 private:
  // Window the samples about the position, by a Blackman window and by its slope.
  void fold(double position_s, int half) {
    const int length = 2 * half + 1;
    const int first = round_half_away((position_s + -half / rate_hz_) * rate_hz_ + 0.001) - 1;
    const Turn& turn = turn_of(half);
    // time of the middle sample relative to the position, in samples
    const double offset = (first + half) - position_s * rate_hz_;
    const double shift_re = std::cos(2.0 * kPi * offset / length);
    const double shift_im = std::sin(2.0 * kPi * offset / length);
    later_.resize(half + 2);
    earlier_.resize(half + 2);
    make_window(half, turn.cosine.data(), turn.sine.data(), shift_re, shift_im, later_.data(),
                earlier_.data());
    folded_.main_sum.resize(half + 1);
    folded_.main_difference.resize(half + 1);
    folded_.slope_sum.resize(half + 1);
    folded_.slope_difference.resize(half + 1);
    const int n_samples = static_cast<int>(x_.size()), centre = first + half;
    const double* x = nullptr;
    if (first >= 0 && first + length <= n_samples) {
      x = &x_[centre];
    } else {  // beyond the ends the outermost samples are held
      held_.resize(length);
      for (int i = 0; i < length; ++i)
        held_[i] = x_[std::clamp(first + i, 0, n_samples - 1)];
      x = &held_[half];
    }
    reversed_.resize(half + 1);
    for (int n = 0; n <= half; ++n) reversed_[n] = x[-n];
    fold_samples(half, x, reversed_.data(), later_.data(), earlier_.data(),
                 folded_.main_sum.data(), folded_.main_difference.data(),
                 folded_.slope_sum.data(), folded_.slope_difference.data());
  }

  // A Blackman window at n samples after and before the middle; 0 beyond its ends.
  LEMF_SIMD static void make_window(int half, const double* __restrict cosine,
                                    const double* __restrict sine, double shift_re,
                                    double shift_im, double* __restrict later,
                                    double* __restrict earlier) {
    for (int n = 0; n <= half; ++n) {
      const double even = cosine[n] * shift_re, odd = sine[n] * shift_im;
      const double after = even - odd, before = even + odd;
      later[n] = 0.34 + after * (0.5 + 0.16 * after);
      earlier[n] = 0.34 + before * (0.5 + 0.16 * before);
    }
    later[half + 1] = earlier[half + 1] = 0.0;
  }

  LEMF_SIMD static void fold_samples(int half, const double* __restrict x,
                                     const double* __restrict reversed,
                                     const double* __restrict later,
                                     const double* __restrict earlier, double* __restrict ms,
                                     double* __restrict md, double* __restrict ds,
                                     double* __restrict dd) {
    ms[0] = x[0] * later[0];
    ds[0] = x[0] * (earlier[1] - later[1]) * 0.5;
    md[0] = dd[0] = 0.0;
    for (int n = 1; n <= half; ++n) {
      const double ml = x[n] * later[n], me = reversed[n] * earlier[n];
      const double dl = x[n] * (later[n - 1] - later[n + 1]) * 0.5;
      const double de = reversed[n] * (earlier[n + 1] - earlier[n - 1]) * 0.5;
      ms[n] = ml + me;
      md[n] = ml - me;
      ds[n] = dl + de;
      dd[n] = dl - de;
    }
  }

  // Half a turn of cosine and sine under a window; the same lengths come again and again.
  const Turn& turn_of(int half) {
    if (static_cast<int>(turns_.size()) <= half) turns_.resize(half + 1);
    Turn& turn = turns_[half];
    if (turn.cosine.empty()) {
      for (int n = 0; n <= half; ++n) {
        turn.cosine.push_back(std::cos(2.0 * kPi * n / (2 * half + 1)));
        turn.sine.push_back(std::sin(2.0 * kPi * n / (2 * half + 1)));
      }
    }
    return turn;
  }

  // A whole turn in steps of one bin of the transform that WORLD takes.
  const Turn& circle_of(int size) {
    Turn& circle = circles_[size];
    if (circle.cosine.empty()) {
      for (int k = 0; k < size; ++k) {
        circle.cosine.push_back(std::cos(2.0 * kPi * k / size));
        circle.sine.push_back(std::sin(2.0 * kPi * k / size));
      }
    }
    return circle;
  }

  const std::vector<double>& x_;
  double rate_hz_;
  HarvestRange range_;
  std::vector<Turn> turns_;
  std::map<int, Turn> circles_;
  std::vector<double> later_, earlier_, reversed_, held_;
  Folded folded_;
};

// Whether a frame holds a candidate within 5 % of an F0.
bool has_neighbour(double f0_hz, const std::vector<Candidate>& frame) {
  for (const Candidate& other : frame)
    if (std::fabs(f0_hz - other.f0_hz) / f0_hz <= kNeighbour) return true;
  return false;
}

}  // namespace

Candidates refine(const Decimated& signal, const std::vector<std::vector<double>>& raw,
                  HarvestRange range) {
  const std::vector<std::vector<double>> means = runs_of_bands(raw);
  const std::ptrdiff_t n_frames = static_cast<std::ptrdiff_t>(means.size());
  Candidates refined(n_frames);
  Refiner refiner(signal, range);
  // own frame first, then those before, then those after: the order breaks ties
  for (std::ptrdiff_t i = 0; i < n_frames; ++i)
    for (int j = 0; j <= 2 * kSpread; ++j) {
      const std::ptrdiff_t source = j <= kSpread ? i - j : i + (j - kSpread);
      if (source < 0 || source >= n_frames) continue;
      for (double f0_hz : means[source]) {
        const Candidate candidate = refiner.refine(i / 1000.0, f0_hz);
        if (candidate.f0_hz > 0) refined[i].push_back(candidate);
      }
    }
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
