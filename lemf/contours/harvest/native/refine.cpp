// Candidates are refined by the instantaneous frequency of their harmonics.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <map>

#include "kernels.hpp"
#include "steps.hpp"
#include "threads.hpp"

namespace lemf {
namespace {

constexpr int kSpread = 3;  // frames to either side in which a candidate is tried, too
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

// A raw F0, and with which window and bins its harmonics are looked for.
struct Trial {
  double f0_hz;
  int n_harmonics, half, fft_size;
  int bins[kHarmonics];
};

Trial trial_of(double f0_hz, double rate_hz) {
  Trial trial{};
  trial.f0_hz = f0_hz;
  trial.n_harmonics = std::min(static_cast<int>(rate_hz / 2.0 / f0_hz), kHarmonics);
  trial.half = static_cast<int>(1.5 * rate_hz / f0_hz + 1.0);
  trial.fft_size = 4;
  for (int doubled = 2; doubled <= 2 * trial.half + 1; doubled *= 2) trial.fft_size *= 2;
  for (int h = 0; h < trial.n_harmonics; ++h)
    trial.bins[h] = round_half_away(f0_hz * (trial.fft_size / rate_hz) * (h + 1));
  return trial;
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
  Refiner(const Kernels& kernels, const Held& signal, double rate_hz, HarvestRange range)
      : kernels_(&kernels), signal_(&signal), rate_hz_(rate_hz), range_(range) {}

  void go_to(double position_s) {
    position_s_ = position_s;
    n_folded_ = 0;
    seen_.clear();
  }

  // The refined candidate, or 0 with score 0 if the signal is not harmonic there.
  Candidate refine(const Trial& trial) {
    const Harmonics& harmonics = measure(trial);
    double error = 0.0;
    for (int h = 0; h < trial.n_harmonics; ++h)
      error += std::fabs(harmonics.each_f0_hz[h] - trial.f0_hz);
    const double refined = harmonics.f0_hz;
    const double score = 1.0 / (error / trial.f0_hz / trial.n_harmonics + kTiny);
    if (refined < range_.floor_hz || refined > range_.ceiling_hz || score < kLowestScore)
      return {0.0, 0.0};
    return {refined, score};
  }

 private:
  // Neighbouring candidates often take the same window and bins: they are measured once.
  const Harmonics& measure(const Trial& trial) {
    for (const Harmonics& other : seen_)
      if (other.half == trial.half &&
          std::memcmp(other.bins, trial.bins, sizeof trial.bins) == 0)
        return other;
    seen_.emplace_back();
    Harmonics& found = seen_.back();
    found.half = trial.half;
    std::copy_n(trial.bins, kHarmonics, found.bins);
    const Turn* turns[kHarmonics];
    double bin_hz[kHarmonics], amplitude[kHarmonics], frequency_hz[kHarmonics];
    const double bins_a_hz = trial.fft_size / rate_hz_;
    std::vector<Turn>& table = turns_of(trial.fft_size);
    for (int h = 0; h < kHarmonics; ++h) {
      bin_hz[h] = trial.bins[h] / bins_a_hz;
      turns[h] = &turn_of(table, trial.fft_size, trial.bins[h]);
    }
    kernels_->measure_harmonics(folded(trial.half), turns, bin_hz, rate_hz_ / 2.0 / kPi, amplitude,
                                frequency_hz);
    double numerator = 0.0, denominator = 0.0;
    for (int h = 0; h < trial.n_harmonics; ++h) {
      numerator += amplitude[h] * frequency_hz[h];
      denominator += amplitude[h] * (h + 1.0);
    }
    for (int h = 0; h < kHarmonics; ++h) found.each_f0_hz[h] = frequency_hz[h] / (h + 1.0);
    found.f0_hz = numerator / (denominator + kTiny);
    return found;
  }

  const Folded& folded(int half) {
    for (std::size_t i = 0; i < n_folded_; ++i)
      if (folded_[i].half == half) return folded_[i];
    if (n_folded_ == folded_.size()) folded_.emplace_back();
    Folded& folded = folded_[n_folded_++];
    folded.half = half;
    folded.n_groups = (half + 4) / 4;
    folded.sums.grow(8 * folded.n_groups);
    folded.differences.grow(8 * folded.n_groups);
    const int length = 2 * half + 1;
    const int middle =
        round_half_away((position_s_ + -half / rate_hz_) * rate_hz_ + 0.001) - 1 + half;
    // time of the middle sample relative to the position, in samples
    const double offset = middle - position_s_ * rate_hz_;
    const double shift_re = std::cos(2.0 * kPi * offset / length);
    const double shift_im = std::sin(2.0 * kPi * offset / length);
    const Turn& turn = window_turn_of(half);
    later_.resize(half + 8);
    earlier_.resize(half + 8);
    kernels_->make_window(half, turn.cosine.data(), turn.sine.data(), shift_re, shift_im,
                          &later_[1], &earlier_[1]);
    kernels_->fold_samples(half, signal_->after(middle), signal_->before(middle), &later_[1],
                           &earlier_[1], folded.sums.data(), folded.differences.data());
    return folded;
  }

  // Half a turn under a window; the same lengths come again and again.
  const Turn& window_turn_of(int half) {
    if (window_turns_.size() <= static_cast<std::size_t>(half)) window_turns_.resize(half + 1);
    Turn& turn = window_turns_[half];
    if (turn.cosine.empty()) {
      const double step = 2.0 * kPi / (2 * half + 1);
      turn.cosine.resize(half + 1);
      turn.sine.resize(half + 1);
      for (int k = 0; k <= half; ++k) {
        turn.cosine.data()[k] = std::cos(step * k);
        turn.sine.data()[k] = std::sin(step * k);
      }
    }
    return turn;
  }

  // The turns of the bins of a transform, by bin.
  std::vector<Turn>& turns_of(int fft_size) {
    if (last_turns_ == nullptr || last_size_ != fft_size) {
      last_turns_ = &turns_[fft_size];
      last_size_ = fft_size;
      if (last_turns_->empty()) last_turns_->resize(fft_size / 2 + 1);
    }
    return *last_turns_;
  }

  // The multiples of one bin of the transform that WORLD takes.
  const Turn& turn_of(std::vector<Turn>& turns, int fft_size, int bin) {
    Turn& turn = turns[bin];
    if (turn.cosine.empty()) {
      // a window is shorter than half the transform
      turn.cosine.resize(fft_size / 4);
      turn.sine.resize(fft_size / 4);
      for (int k = 0; k < fft_size / 4; ++k) {
        turn.cosine.data()[k] = std::cos(2.0 * kPi * bin / fft_size * k);
        turn.sine.data()[k] = std::sin(2.0 * kPi * bin / fft_size * k);
      }
    }
    return turn;
  }

  const Kernels* kernels_;
  const Held* signal_;
  double rate_hz_;
  HarvestRange range_;
  std::vector<Turn> window_turns_;           // by half the window
  std::map<int, std::vector<Turn>> turns_;   // by the transform's size and the bin
  std::vector<Turn>* last_turns_ = nullptr;
  int last_size_ = 0;
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

Candidates refine(const Kernels& kernels, const Decimated& signal, const std::vector<Doubles>& raw,
                  HarvestRange range, std::size_t n_threads) {
  const std::ptrdiff_t n_frames = static_cast<std::ptrdiff_t>(raw.size());
  const std::size_t n_stretches = (raw.size() + kStretch - 1) / kStretch;
  // a raw F0 is never below the floor, and no frame lies further than a period beyond the ends
  const Held held(signal.samples,
                  static_cast<std::size_t>(3.0 * signal.rate_hz / range.floor_hz) + 8);
  Candidates refined(raw.size());
  std::vector<Refiner> refiners(std::min(n_threads, n_stretches),
                                Refiner(kernels, held, signal.rate_hz, range));
  in_parallel(n_stretches, refiners.size(), [&](std::size_t thread, std::size_t stretch) {
    Refiner& refiner = refiners[thread];
    const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(stretch * kStretch);
    const std::ptrdiff_t stop = std::min<std::ptrdiff_t>(start + kStretch, n_frames);
    const std::ptrdiff_t before = std::max<std::ptrdiff_t>(start - kSpread, 0);
    const std::ptrdiff_t after = std::min(stop + kSpread, n_frames);
    std::vector<Trial> trials;
    std::vector<std::size_t> first;  // of each frame from `before` on
    for (std::ptrdiff_t i = before; i < after; ++i) {
      first.push_back(trials.size());
      for (double f0_hz : raw[i]) trials.push_back(trial_of(f0_hz, signal.rate_hz));
    }
    first.push_back(trials.size());
    std::vector<Candidate> found;
    for (std::ptrdiff_t i = start; i < stop; ++i) {
      refiner.go_to(static_cast<double>(i) / 1000.0);
      found.clear();
      // the frame itself first, then those before, then those after: the order breaks ties
      for (int j = 0; j <= 2 * kSpread; ++j) {
        const std::ptrdiff_t source = j <= kSpread ? i - j : i + (j - kSpread);
        if (source < 0 || source >= n_frames) continue;
        for (std::size_t k = first[source - before]; k < first[source - before + 1]; ++k) {
          const Candidate candidate = refiner.refine(trials[k]);
          if (candidate.f0_hz > 0) found.push_back(candidate);
        }
      }
      refined[i] = found;
    }
  });
  std::vector<Candidate> previous, here;  // as they were
  for (std::ptrdiff_t i = 1; i + 1 < n_frames; ++i) {
    if (i == 1) previous = refined[0];
    here = refined[i];
    auto alone = [&](const Candidate& candidate) {
      return !has_neighbour(candidate.f0_hz, refined[i + 1]) &&
             !has_neighbour(candidate.f0_hz, previous);
    };
    refined[i].erase(std::remove_if(refined[i].begin(), refined[i].end(), alone),
                     refined[i].end());
    std::swap(previous, here);
  }
  return refined;
}

}  // namespace lemf
