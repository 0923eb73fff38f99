// The bodies of the inner loops, included once for each instruction set, so without `#pragma once`.
// LEMF_KERNELS (the name of the table), LEMF_INSTRUCTION_SET and LEMF_WIDTH (doubles in a register)
// are set before.

#if defined(__GNUC__)
#define LEMF_INLINE inline __attribute__((always_inline))
#else
#define LEMF_INLINE inline
#endif

namespace lemf {
namespace {

constexpr std::size_t kWidth = LEMF_WIDTH;

#if LEMF_WIDTH == 1
typedef double Vector;
#else
typedef double Vector __attribute__((vector_size(8 * LEMF_WIDTH)));
#endif

LEMF_INLINE Vector load(const double* from) {
  Vector values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

LEMF_INLINE void store(double* to, Vector values) {
  std::memcpy(to, &values, sizeof values);
}

#include "crossing_bodies.hpp"
#include "fft_bodies.hpp"
#include "harmonic_bodies.hpp"

}  // namespace

extern const Kernels LEMF_KERNELS;
const Kernels LEMF_KERNELS = {
    LEMF_INSTRUCTION_SET, first_step, first_step_of_product, step4, step8, step16,
    find_crossings, locate, measure_intervals, draw_lines, average, add_band, turn_little, make_window,
    fold_samples, sum_harmonics, judge_harmonics};

}  // namespace lemf
