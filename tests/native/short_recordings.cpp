// Harvest on 1 to 2,000 samples of noise, a tone and silence, and at the ends of the F0 range: built
// with sanitizers, it shows that nothing is read or written out of range.
//
//   g++ -std=c++17 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -D_GLIBCXX_ASSERTIONS \\
//       -Ilemf/native tests/native/short_recordings.cpp $(ls lemf/native/*.cpp | grep -v module) \\
//       -o /tmp/short_recordings && /tmp/short_recordings
#include <cstdio>
#include <cstdlib>
#include <cmath>
#include <vector>
#include "harvest.hpp"
int main() {
  unsigned seed = 1;
  auto rnd = [&]() { seed = seed * 1664525u + 1013904223u; return (seed >> 8) / 16777216.0 - 0.5; };
  long frames = 0, voiced = 0;
  for (int rate : {8000, 11025, 16000, 44100, 96000})
    for (int n = 1; n <= 2000; n += (n < 200 ? 1 : 37)) {
      std::vector<double> x(n);
      for (int kind = 0; kind < 3; ++kind) {
        for (int i = 0; i < n; ++i) x[i] = kind == 0 ? rnd() : kind == 1 ? std::sin(0.08 * i) + 0.3 * std::sin(0.16 * i) : 0.0;
        auto f = lemf::harvest(x.data(), x.size(), rate, {71.0, 800.0});
        frames += f.size(); for (double v : f) voiced += v > 0;
      }
    }
  for (double lo : {40.0, 71.0, 200.0}) for (double hi : {300.0, 1100.0}) {
    std::vector<double> x(33333);
    for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(0.06 * i + 3 * std::sin(0.0005 * i)) + 0.01 * rnd();
    auto f = lemf::harvest(x.data(), x.size(), 16000, {lo, hi});
    frames += f.size(); for (double v : f) voiced += v > 0;
  }
  std::printf("%ld frames, %ld voiced\n", frames, voiced);
}
