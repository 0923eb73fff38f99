// Candidates are refined by the instantaneous frequency of their harmonics.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels.hpp"
#include "steps.hpp"
#include "threads.hpp"
#include "turns.hpp"

namespace lemf {
namespace {

constexpr int kSpread = 3;  // frames to either side in which a candidate is tried, too
constexpr std::size_t kStretch = 64;  // frames that a thread takes at a time
constexpr double kLowestScore = 2.5;
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

// A raw F0, and with which window and bins its harmonics are looked for.
struct Trial {
  double f0_hz;
  std::ptrdiff_t frame;
  int half, fft_size;
  int bins[kHarmonics];
  HarmonicBins harmonics;

  bool measures_as(const Trial& other) const {
    return half == other.half && std::memcmp(bins, other.bins, sizeof bins) == 0;
  }
};

Trial trial_of(double f0_hz, std::ptrdiff_t frame, double rate_hz) {
  Trial trial{};
  trial.f0_hz = f0_hz;
  trial.frame = frame;
  trial.harmonics.n = std::min(static_cast<int>(rate_hz / 2.0 / f0_hz), kHarmonics);
  trial.half = static_cast<int>(1.5 * rate_hz / f0_hz + 1.0);
  trial.fft_size = 4;
  for (int doubled = 2; doubled <= 2 * trial.half + 1; doubled *= 2) trial.fft_size *= 2;
  const double bins_a_hz = trial.fft_size / rate_hz;
  for (int h = 0; h < trial.harmonics.n; ++h) {
    trial.bins[h] = round_half_away(f0_hz * bins_a_hz * (h + 1));
    trial.harmonics.hz[h] = trial.bins[h] / bins_a_hz;
  }
  return trial;
}

// The transforms at the harmonics of a trial, side by side for the frames in which it is tried.
struct alignas(64) Sums {
  double values[4 * kHarmonics][kTargets];
};

// What became of a trial in those frames.
struct Verdict {
  double f0_hz[kTargets], score[kTargets];
};

// Refines the candidates of one stretch of frames after another.
class Refiner {
 public:
  Refiner(const Kernels& kernels, const Held& signal, double rate_hz, HarvestRange range)
      : kernels_(&kernels), signal_(&signal), rate_hz_(rate_hz), range_(range) {}

  // The candidates of the frames from `start` to `stop`.
  Candidates refine(const RawCandidates& raw, std::ptrdiff_t start, std::ptrdiff_t stop) {
    const std::ptrdiff_t n_frames = static_cast<std::ptrdiff_t>(raw.size());
    const std::ptrdiff_t before = std::max<std::ptrdiff_t>(start - kSpread, 0);
    const std::ptrdiff_t after = std::min(stop + kSpread, n_frames);
    trials_.clear();
    first_.clear();
    for (std::ptrdiff_t i = before; i < after; ++i) {
      first_.push_back(trials_.size());
      for (double f0_hz : raw[i]) trials_.push_back(trial_of(f0_hz, i, rate_hz_));
    }
    first_.push_back(trials_.size());
    sums_.resize(std::max(sums_.size(), trials_.size()));
    verdicts_.resize(std::max(verdicts_.size(), trials_.size()));
    for (std::size_t k = 0; k < trials_.size(); ++k) measure(k, start, stop);
    Candidates found;
    for (std::ptrdiff_t i = start; i < stop; ++i) {
      // the frame itself first, then those before, then those after: the order breaks ties
      for (int j = 0; j <= 2 * kSpread; ++j) {
        const std::ptrdiff_t source = j <= kSpread ? i - j : i + (j - kSpread);
        if (source < 0 || source >= n_frames) continue;
        const std::ptrdiff_t column = i - source + kSpread;
        for (std::size_t k = first_[source - before]; k < first_[source - before + 1]; ++k) {
          const double refined = verdicts_[k].f0_hz[column], score = verdicts_[k].score[column];
          if (refined < range_.floor_hz || refined > range_.ceiling_hz || score < kLowestScore)
            continue;
          found.add({refined, score});
        }
      }
      found.end_frame();
    }
    return found;
  }

 private:
  void measure(std::size_t k, std::ptrdiff_t start, std::ptrdiff_t stop) {
    const Trial& trial = trials_[k];
    // the last trial before with the same window and bins measured most of the frames
    const Trial* same = nullptr;
    for (std::size_t other = k; other > 0; --other) {
      if (trials_[other - 1].frame < trial.frame - 2 * kSpread) break;
      if (!trials_[other - 1].measures_as(trial)) continue;
      same = &trials_[other - 1];
      break;
    }
    const Places places = places_of(trial);
    const Turn* turns[kHarmonics];
    for (int h = 0; h < kHarmonics; ++h) turns[h] = &waves_.of(trial.fft_size, trial.bins[h]);
    Sums& sums = sums_[k];
    for (int column = 0; column <= 2 * kSpread; ++column) {
      const std::ptrdiff_t target = trial.frame + column - kSpread;
      if (target < start || target >= stop) continue;
      if (same != nullptr && target <= same->frame + kSpread) {
        const Sums& others = sums_[same - trials_.data()];
        const std::ptrdiff_t from = target - same->frame + kSpread;
        for (int row = 0; row < 4 * kHarmonics; ++row)
          sums.values[row][column] = others.values[row][from];
      } else {
        fold(trial.half, places, column);
        kernels_->sum_harmonics(n_groups(trial.half), folded_sums_.data(),
                                folded_differences_.data(), turns, &sums.values[0][column]);
      }
    }
    kernels_->judge_harmonics(sums.values[0], trial.harmonics, trial.f0_hz, rate_hz_ / 2.0 / kPi,
                              verdicts_[k].f0_hz, verdicts_[k].score);
  }

  static std::size_t n_groups(int half) { return static_cast<std::size_t>(half + 4) / 4; }

  // Where the windows about the frames of a trial lie.
  struct Places {
    int middle[kTargets];  // sample
    double offset[kTargets], shift_re[kTargets], shift_im[kTargets];
  };

  Places places_of(const Trial& trial) const {
    Places places;
    double angle[kTargets];
    for (int column = 0; column < kTargets; ++column) {
      const double position =
          static_cast<double>(trial.frame + column - kSpread) * (rate_hz_ / 1000.0);
      places.middle[column] =
          round_half_away(position - trial.half + 0.001) - 1 + trial.half;
      places.offset[column] = places.middle[column] - position;
      angle[column] = 2.0 * kPi / (2 * trial.half + 1) * places.offset[column];
    }
    kernels_->turn_little(angle, places.shift_re, places.shift_im);
    return places;
  }

  // Fold the samples about a frame under a window.
  void fold(int half, const Places& places, int column) {
    const int middle = places.middle[column];
    const Window& window = window_of(half, places, column);
    kernels_->fold_samples(n_groups(half), signal_->after(middle), signal_->before(middle),
                           window.later.data(), window.earlier.data(), folded_sums_.data(),
                           folded_differences_.data());
  }

  // A window, and half a turn under it.
  struct Window {
    AlignedDoubles turn;
    double offset;  // of its middle from the frame, in samples
    AlignedDoubles later, earlier;
  };

  // At whole numbers of kHz the offset is always the same.
  const Window& window_of(int half, const Places& places, int column) {
    if (windows_.size() <= static_cast<std::size_t>(half)) windows_.resize(half + 1);
    Window& window = windows_[half];
    if (window.turn.empty()) {
      const Turn turn = multiples(2.0 * kPi / (2 * half + 1), half + 1);
      for (AlignedDoubles* values : {&window.turn, &window.later, &window.earlier})
        values->resize(8 * n_groups(half));
      for (int n = 0; n <= half; ++n) {
        window.turn.data()[8 * (n / 4) + n % 4] = turn.cosine.data()[n];
        window.turn.data()[8 * (n / 4) + 4 + n % 4] = turn.sine.data()[n];
      }
      folded_sums_.grow(8 * n_groups(half));
      folded_differences_.grow(8 * n_groups(half));
    } else if (window.offset == places.offset[column]) {
      return window;
    }
    window.offset = places.offset[column];
    kernels_->make_window(half, window.turn.data(), places.shift_re[column],
                          places.shift_im[column], window.later.data(), window.earlier.data());
    return window;
  }

  const Kernels* kernels_;
  const Held* signal_;
  double rate_hz_;
  HarvestRange range_;
  std::vector<Trial> trials_;       // of the stretch and of the frames that reach into it
  std::vector<std::size_t> first_;  // of each frame, and the end
  std::vector<Sums> sums_;
  std::vector<Verdict> verdicts_;
  std::vector<Window> windows_;  // by half their length
  BinWaves waves_;
  AlignedDoubles folded_sums_, folded_differences_;
};

// Whether a frame holds a candidate within 5 % of an F0.
bool has_neighbour(double f0_hz, Candidates::Values frame) {
  for (const Candidate& other : frame)
    if (std::fabs(f0_hz - other.f0_hz) <= kNeighbour * f0_hz) return true;
  return false;
}

// Those that the frame before or after confirms; all of the first and of the last frame.
Candidates reliable(const Candidates& all) {
  Candidates kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool outermost = i == 0 || i + 1 == all.size();
    for (const Candidate& candidate : all[i])
      if (outermost || has_neighbour(candidate.f0_hz, all[i + 1]) ||
          has_neighbour(candidate.f0_hz, all[i - 1]))
        kept.add(candidate);
    kept.end_frame();
  }
  return kept;
}

}  // namespace

Candidates refine(const Kernels& kernels, const Decimated& signal, const RawCandidates& raw,
                  HarvestRange range, std::size_t n_threads) {
  const std::ptrdiff_t n_frames = static_cast<std::ptrdiff_t>(raw.size());
  const std::size_t n_stretches = (raw.size() + kStretch - 1) / kStretch;
  // a raw F0 is never below the floor, and no frame lies further than a period beyond the ends
  const Held held(signal.samples,
                  static_cast<std::size_t>(3.0 * signal.rate_hz / range.floor_hz) + 8);
  std::vector<Candidates> stretches(n_stretches);
  std::vector<Refiner> refiners(std::min(n_threads, n_stretches),
                                Refiner(kernels, held, signal.rate_hz, range));
  in_parallel(n_stretches, refiners.size(), [&](std::size_t thread, std::size_t stretch) {
    const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(stretch * kStretch);
    const std::ptrdiff_t stop = std::min<std::ptrdiff_t>(start + kStretch, n_frames);
    stretches[stretch] = refiners[thread].refine(raw, start, stop);
  });
  Candidates refined;
  for (const Candidates& stretch : stretches) refined.append(stretch);
  return reliable(refined);
}

}  // namespace lemf
