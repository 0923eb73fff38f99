// Complex fast Fourier transform of a power of two, split into real and imaginary arrays.
#pragma once

#include <cstddef>

#include "kernels.hpp"

namespace lemf {

// Stockham's autosort algorithm, four radix-2 steps at once and then two to four: no bit reversal,
// unit stride inside.
class Fft {
 public:
  struct Parts {
    const double *re, *im;
  };

  // `size` is a power of two from 512 on.
  explicit Fft(std::size_t size);

  std::size_t size() const { return size_; }

  // Four arrays to work in. Arrays a power of two apart would compete for the same lines of the
  // cache.
  std::size_t space() const { return 4 * apart(); }
  std::size_t apart() const { return size_ + 72; }

  // X[k] = sum x[n] exp(-2 pi i k n / N) of the numbers in the first two arrays; the result lies in
  // one pair of arrays.
  Parts forward(const Kernels& kernels, double* space) const;

  // N times the inverse transform of the product of two spectra.
  Parts inverse_of_product(const Kernels& kernels, Parts a, Parts b, double* space) const;

 private:
  // From the first step's result in the last two arrays.
  Parts finish(const Kernels& kernels, double* space) const;

  std::size_t size_;
  AlignedDoubles cos_, sin_;
  AlignedDoubles first_;  // the twiddle factors of the first step, side by side
};

}  // namespace lemf
