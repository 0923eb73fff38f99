// The inner loops, compiled for several instruction sets; the same bits come out of each.
//
// No product is fused with a sum (the build switches contraction off), and the order of each sum is
// that of four lanes on every processor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "simd.hpp"

namespace lemf {

constexpr int kHarmonics = 6;
constexpr int kTargets = 8;  // frames for which a candidate is measured, and one unused
constexpr double kTiny = 1e-12;

// Cosine and sine of the multiples of an angle.
struct Turn {
  AlignedDoubles cosine, sine;
};

// Where the harmonics of a raw F0 are looked for.
struct HarmonicBins {
  int n;                  // harmonics below half the sampling rate
  double hz[kHarmonics];  // the frequencies of the bins
};

constexpr std::size_t kLineMargin = 72;  // frames written beyond a line
constexpr std::size_t kScanned = 64;  // samples scanned at a time

// At sample n: level sign[n] + even cosine[n] + odd sine[n], with tables of kScanned samples; then
// even and odd turn backwards by the angle whose cosine and sine are given.
struct RippleWave {
  double level, even, odd, turn_re, turn_im;
  const double *sign, *cosine, *sine;
};

// Whether the last sample scanned is above zero, below zero, higher and lower than the one before.
struct ScanState {
  std::uint64_t last[4] = {0, 0, 0, 0};
  bool started = false;
};

struct Kernels {
  const char* instruction_set;

  // The first step of a transform of x: 16 transforms of size / 16 points remain, side by side.
  void (*first_step)(std::size_t size, const double* twiddles, const double* xr, const double* xi,
                     double* yr, double* yi);
  // The same for the product of two spectra, real and imaginary part exchanged (for the inverse).
  void (*first_step_of_product)(std::size_t size, const double* twiddles, const double* ar,
                                const double* ai, const double* br, const double* bi, double* yr,
                                double* yi);
  // Further steps: `n` points remain in each transform, which lie `stride` apart.
  void (*step4)(std::size_t n, std::size_t stride, std::size_t size, const double* cosine,
                const double* sine, const double* xr, const double* xi, double* yr, double* yi);
  void (*step8)(std::size_t n, std::size_t stride, std::size_t size, const double* cosine,
                const double* sine, const double* xr, const double* xi, double* yr, double* yi);
  void (*step16)(std::size_t n, std::size_t stride, std::size_t size, const double* cosine,
                 const double* sine, const double* xr, const double* xi, double* yr, double* yi);

  // Add the ripple to n samples of input, which make x, and find where x has fallen or risen to zero
  // since the sample before, or turned downwards or upwards there. Before x lie the last two
  // samples so far. Of input, kScanned more are read; x and each kind of `edges` have room for as
  // many more.
  void (*find_crossings)(std::size_t n, const RippleWave& wave, const double* input,
                         ScanState& state, double* x, std::uint32_t* const* edges,
                         std::size_t* n_edges);
  // Where the lines through the samples before the edges (or through their slopes) cross zero; x
  // starts two samples early.
  void (*locate)(std::size_t n, const std::uint32_t* edges, const double* x, bool of_slope,
                 double first, double* at);
  // F0 and place of each of n intervals between crossings, the slopes from one to the next and the
  // first frame after each place.
  void (*measure_intervals)(std::size_t n, const double* at, double rate_hz, std::size_t n_frames,
                            double* f0_hz, double* place_ms, double* slope, std::uint32_t* frame);
  // Lines from frame[k] to frame[k + 1]; `result` has room for kLineMargin more.
  void (*draw_lines)(std::size_t n, const double* f0_hz, const double* place_ms,
                     const double* slope, const std::uint32_t* frame, double* result);
  // The mean of four contours where it is in the range, else 0.
  void (*average)(std::size_t n, const double* const* lines, double low, double high,
                  double* f0_hz);
  // Add a band to the runs of voiced bands; mean[i] is that of a run of `fewest` or more that ends,
  // or 0.
  void (*add_band)(std::size_t n, double fewest, const double* f0_hz, double* sum, double* length,
                   double* mean);

  // Cosine and sine of kTargets angles of up to 1.1 radians.
  void (*turn_little)(const double* angle, double* cosine, double* sine);
  // A Blackman window after and before its middle (`half` samples either way), from half a turn
  // under it and the cosine and sine of a shift. `turn` holds four cosines, then four sines, and so
  // on; the window four values, then four of its slope.
  void (*make_window)(int half, const double* turn, double shift_re, double shift_im,
                      double* window_later, double* window_earlier);
  // Sums and differences of the samples after and before the middle under such a window.
  void (*fold_samples)(std::size_t n_groups, const double* after, const double* before,
                       const double* window_later, const double* window_earlier, double* sums,
                       double* differences);
  // Transform folded samples at the bins of the harmonics; `found` is a column of kTargets.
  void (*sum_harmonics)(std::size_t n_groups, const double* sums, const double* differences,
                        const Turn* const* turns, double* found);
  // F0 and score of a candidate in kTargets frames by the instantaneous frequencies (Flanagan) of
  // its harmonics. `turn_hz` is the frequency of one radian per sample.
  void (*judge_harmonics)(const double* sums, const HarmonicBins& bins, double f0_hz,
                          double turn_hz, double* refined_hz, double* score);
};

// Those that this processor can run, the fastest last.
std::vector<const Kernels*> available_kernels();

// The fastest, or those of a set by name; null if this processor lacks the set.
const Kernels* find_kernels(const char* instruction_set = nullptr);

}  // namespace lemf
