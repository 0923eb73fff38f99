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

// Cosine and sine of the multiples of an angle.
struct Turn {
  AlignedDoubles cosine, sine;
};

// The samples about a position under a window and under its slope, folded about the middle: four
// sums (differences) under the window, then four under its slope, and so on; zeros fill the last
// group.
struct Folded {
  int half = 0;
  std::size_t n_groups = 0;
  AlignedDoubles sums, differences;
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

  // output = input + level sign + even cosine + odd sine
  void (*add_parts)(std::size_t n, double level, double even, double odd, const double* sign,
                    const double* cosine, const double* sine, const double* input,
                    double* output);

  // Find after which of the n samples x the signal falls or rises through zero, and its slope falls
  // or rises. x goes on for 2 samples and then kScanMargin of any value; each kind of `edges` has
  // room for n + kScanMargin.
  void (*find_crossings)(std::size_t n, const double* x, std::uint32_t* const* edges,
                         std::size_t* n_edges);
  // Where the lines through x (or through its slope) cross zero at the edges, in samples.
  void (*locate)(std::size_t n, const std::uint32_t* edges, const double* x, bool of_slope,
                 double first, double* at);
  // F0 and place of each of n intervals between crossings, the slopes from one to the next and the
  // first frame after each place.
  void (*measure_intervals)(std::size_t n, const double* at, double rate_hz, std::size_t n_frames,
                            double* f0_hz, double* place_ms, double* slope, std::uint32_t* frame);
  // Lines from frame[k] to frame[k + 1]; `result` has room for kScanMargin more.
  void (*draw_lines)(std::size_t n, const double* f0_hz, const double* place_ms,
                     const double* slope, const std::uint32_t* frame, double* result);
  // The mean of four contours where it is in the range, else 0.
  void (*average)(std::size_t n, const double* const* lines, double low, double high,
                  double* f0_hz);
  // Add a band to the runs of voiced bands; mean[i] is that of a run of `fewest` or more that ends,
  // or 0.
  void (*add_band)(std::size_t n, double fewest, const double* f0_hz, double* sum, double* length,
                   double* mean);

  // A Blackman window at n samples after and before the middle; 0 beyond its ends.
  void (*make_window)(int half, const double* cosine, const double* sine, double shift_re,
                      double shift_im, double* later, double* earlier);
  void (*fold_samples)(int half, const double* after, const double* before, const double* later,
                       const double* earlier, double* sums, double* differences);
  // Amplitude and instantaneous frequency (Flanagan) at the bins of the harmonics, which are at
  // `bin_hz`; 0 Hz where the amplitude is 0. `turn_hz` is the frequency of one radian per sample.
  void (*measure_harmonics)(const Folded& x, const Turn* const* turns, const double* bin_hz,
                            double turn_hz, double* amplitude, double* frequency_hz);
};

constexpr std::size_t kScanMargin = 72;

// Those that this processor can run, the fastest last.
std::vector<const Kernels*> available_kernels();

// The fastest, or those of a set by name; null if this processor lacks the set.
const Kernels* find_kernels(const char* instruction_set = nullptr);

}  // namespace lemf
