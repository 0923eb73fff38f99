// Complex fast Fourier transform of a power of two, split into real and imaginary arrays.
#pragma once

#include <cstddef>
#include <vector>

namespace lemf {

// Stockham's autosort algorithm, two radix-2 steps at a time: no bit reversal, unit stride inside.
class Fft {
 public:
  explicit Fft(std::size_t size);

  std::size_t size() const { return size_; }

  // Four arrays for `forward` and `inverse` to work in; the first two may hold the numbers.
  // Arrays a power of two apart would compete for the same lines of the cache.
  std::vector<double> make_space() const { return std::vector<double>(4 * apart()); }
  std::size_t apart() const { return size_ + 40; }

  // X[k] = sum x[n] exp(-2 pi i k n / N), in place, `re` and `im` being the first two arrays.
  void forward(std::vector<double>& space) const { transform(&space[0], &space[apart()], space); }

  // N times the inverse, in place: swapping the parts conjugates before and after.
  void inverse(std::vector<double>& space) const { transform(&space[apart()], &space[0], space); }

 private:
  void transform(double* re, double* im, std::vector<double>& space) const;

  std::size_t size_;
  std::vector<double> cos_, sin_;
  std::vector<double> first_;  // the twiddle factors of the first step, side by side
};

}  // namespace lemf
