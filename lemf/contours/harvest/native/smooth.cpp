// A zero-lag Butterworth filter over each voiced section, held at its ends; and all steps in a row.
#include <algorithm>

#include "harvest.hpp"
#include "steps.hpp"

namespace lemf {
namespace {

constexpr std::ptrdiff_t kLag = 300;  // frames in which the filter settles
constexpr double kB0 = 0.0078202080334971724, kB1 = 0.015640416066994345;
constexpr double kA0 = 1.7347257688092754, kA1 = -0.76600660094326412;

void filter(std::vector<double>& x) {
  double w1 = 0.0, w2 = 0.0;
  for (double& value : x) {
    const double w = value + kA0 * w1 + kA1 * w2;
    value = kB0 * w + kB1 * w1 + kB0 * w2;
    w2 = w1;
    w1 = w;
  }
}

}  // namespace

std::vector<double> smooth(const std::vector<double>& f0_hz) {
  std::vector<double> smoothed(f0_hz.size(), 0.0);
  std::vector<double> padded(f0_hz.size() + 2, 0.0);  // the ends may be voiced here
  std::copy(f0_hz.begin(), f0_hz.end(), padded.begin() + 1);
  std::vector<double> x;
  for (const auto& [first, last] : voiced_sections(padded)) {
    const std::ptrdiff_t length = last - first + 1;
    x.assign(length + 2 * kLag, 0.0);
    std::fill_n(x.begin(), kLag, padded[first]);
    std::copy_n(&padded[first], length, x.begin() + kLag);
    std::fill_n(x.begin() + kLag + length, kLag, padded[last]);
    for (int direction = 0; direction < 2; ++direction) {
      filter(x);
      std::reverse(x.begin(), x.end());
    }
    std::copy_n(x.begin() + kLag, length, &smoothed[first - 1]);
  }
  return smoothed;
}

std::vector<double> harvest(const double* samples, std::size_t n_samples, int rate_hz,
                            HarvestRange range, std::size_t n_threads,
                            const Kernels& kernels) {
  const Decimated signal = decimate(samples, n_samples, rate_hz);
  const std::size_t n_frames =
      static_cast<std::size_t>(1000.0 * static_cast<double>(n_samples) / rate_hz / 1.0) + 1;
  const auto raw = raw_candidates(kernels, signal, n_frames, range, n_threads);
  return smooth(connect(refine(kernels, signal, raw, range, n_threads)));
}

}  // namespace lemf
