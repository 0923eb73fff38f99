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

using Candidates = std::vector<std::vector<Candidate>>;  // by frame

Decimated decimate(const double* samples, std::size_t n_samples, int rate_hz);
// Mean raw F0 of each run of bands that have one, by frame.
std::vector<std::vector<double>> raw_candidates(const Kernels& kernels, const Decimated& signal,
                                                std::size_t n_frames, HarvestRange range,
                                                std::size_t n_threads);
Candidates refine(const Kernels& kernels, const Decimated& signal,
                  const std::vector<std::vector<double>>& raw, HarvestRange range,
                  std::size_t n_threads);
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
