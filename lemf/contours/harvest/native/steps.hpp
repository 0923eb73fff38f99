// The steps of Harvest, each in a file of its own.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "harvest.hpp"
#include "kernels.hpp"

namespace lemf {

constexpr double kPi = 3.14159265358979323846;

// The recording at the rate on which Harvest works, without its mean.
struct Decimated {
  std::vector<double> samples;
  double rate_hz;
};

// One possible F0 of a frame and how harmonic the signal is there.
struct Candidate {
  double f0_hz;
  double score;
};

// Any number of values of each frame, one after another.
template <class Value>
class ByFrame {
 public:
  struct Values {
    const Value *first, *last;
    const Value* begin() const { return first; }
    const Value* end() const { return last; }
  };

  ByFrame() = default;
  // `first` holds where the values of each frame start, and the end.
  ByFrame(std::vector<Value> values, std::vector<std::size_t> first)
      : values_(std::move(values)), first_(std::move(first)) {}

  std::size_t size() const { return first_.size() - 1; }  // frames
  Values operator[](std::size_t frame) const {
    return {values_.data() + first_[frame], values_.data() + first_[frame + 1]};
  }

  void add(const Value& value) { values_.push_back(value); }
  void end_frame() { first_.push_back(values_.size()); }
  void append(const ByFrame& others) {
    const std::size_t n = values_.size();
    values_.insert(values_.end(), others.values_.begin(), others.values_.end());
    for (std::size_t i = 1; i < others.first_.size(); ++i) first_.push_back(n + others.first_[i]);
  }

 private:
  std::vector<Value> values_;
  std::vector<std::size_t> first_{0};  // of each frame, and the end
};

using RawCandidates = ByFrame<double>;  // Hz
using Candidates = ByFrame<Candidate>;

Decimated decimate(const double* samples, std::size_t n_samples, int rate_hz);
// Mean raw F0 of each run of bands that have one, by frame.
RawCandidates raw_candidates(const Kernels& kernels, const Decimated& signal, std::size_t n_frames,
                             HarvestRange range, std::size_t n_threads);
Candidates refine(const Kernels& kernels, const Decimated& signal, const RawCandidates& raw,
                  HarvestRange range, std::size_t n_threads);
std::vector<double> connect(const Candidates& candidates);
std::vector<double> smooth(const std::vector<double>& f0_hz);

// Half away from zero, as WORLD rounds.
inline int round_half_away(double x) {
  return x > 0 ? static_cast<int>(x + 0.5) : static_cast<int>(x - 0.5);
}

// First and last index of each stretch of positive values; the ends of the array count as 0.
std::vector<std::pair<std::ptrdiff_t, std::ptrdiff_t>> voiced_sections(
    const std::vector<double>& f0_hz);

}  // namespace lemf
