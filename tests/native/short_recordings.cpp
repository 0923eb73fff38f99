// Harvest on 1 to 2,000 samples of noise, a tone and silence, and at the ends of the F0 range, by
// each instruction set of the processor, in one thread and in three, which must give the same bits.
// Built with sanitizers (.ci/sanitize), it shows that nothing is read or written out of range and
// that no two threads touch the same memory. The last line tells a checksum of all bits, the same
// by every instruction set of x86-64. `few` takes every 499th length, as the thread sanitizer is slow.
#include <cmath>
#include <cstdio>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "harvest.hpp"

namespace {

double noise() {
  static unsigned state = 1;
  state = state * 1664525u + 1013904223u;
  return (state >> 8) / 16777216.0 - 0.5;
}

long n_frames = 0, n_voiced = 0;
std::uint64_t checksum = 14695981039346656037u;  // Fowler, Noll and Vo

void track(const std::vector<double>& samples, int rate_hz, lemf::HarvestRange range) {
  const auto alone = lemf::harvest(samples.data(), samples.size(), rate_hz, range, 1);
  for (const lemf::Kernels* kernels : lemf::available_kernels())
    if (alone != lemf::harvest(samples.data(), samples.size(), rate_hz, range, 3, *kernels)) {
      std::printf("%zu samples at %d Hz: three threads with %s give other values\n", samples.size(),
                  rate_hz, kernels->instruction_set);
      std::exit(1);
    }
  n_frames += static_cast<long>(alone.size());
  for (double f0_hz : alone) {
    n_voiced += f0_hz > 0;
    std::uint64_t bits;
    std::memcpy(&bits, &f0_hz, sizeof bits);
    checksum = (checksum ^ bits) * 1099511628211u;
  }
}

}  // namespace

int main(int n_arguments, char**) {
  const bool few = n_arguments > 1;
  for (int rate_hz : {8000, 11025, 16000, 44100, 96000})
    for (int n = 1; n <= 2000; n += few ? 499 : n < 200 ? 1 : 37) {
      std::vector<double> samples(n);
      for (double& value : samples) value = noise();
      track(samples, rate_hz, {71.0, 800.0});
      for (int i = 0; i < n; ++i) samples[i] = std::sin(0.08 * i) + 0.3 * std::sin(0.16 * i);
      track(samples, rate_hz, {71.0, 800.0});
      track(std::vector<double>(n), rate_hz, {71.0, 800.0});
    }
  for (double floor_hz : {40.0, 71.0, 200.0})
    for (double ceiling_hz : {300.0, 1100.0}) {
      std::vector<double> samples(33333);
      for (int i = 0; i < 33333; ++i)
        samples[i] = std::sin(0.06 * i + 3 * std::sin(0.0005 * i)) + 0.01 * noise();
      track(samples, 16000, {floor_hz, ceiling_hz});
    }
  std::printf("%ld frames, %ld voiced, checksum %016llx\n", n_frames, n_voiced,
              static_cast<unsigned long long>(checksum));
}
