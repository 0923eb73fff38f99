// Complex fast Fourier transform of a power of two, split into real and imaginary arrays.
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace lemf {

// Stockham's autosort algorithm, two radix-2 steps at a time: no bit reversal, unit stride inside.
class Fft {
 public:
  explicit Fft(std::size_t size) : size_(size), cos_(size), sin_(size), re_(size), im_(size) {
    for (std::size_t k = 0; k < size; ++k) {
      const double angle = -2.0 * 3.14159265358979323846 * static_cast<double>(k) / static_cast<double>(size);
      cos_[k] = std::cos(angle);
      sin_[k] = std::sin(angle);
    }
    for (std::size_t power = 1; power <= 3; ++power) {
      for (std::size_t k = 0; k < size / 4; ++k) first_.push_back(cos_[power * k]);
      for (std::size_t k = 0; k < size / 4; ++k) first_.push_back(sin_[power * k]);
    }
  }

  std::size_t size() const { return size_; }

  // X[k] = sum x[n] exp(-2 pi i k n / N), in place.
  void forward(double* re, double* im) { transform(re, im); }

  // N times the inverse, in place: swapping the parts conjugates before and after.
  void inverse(double* re, double* im) { transform(im, re); }

 private:
  void transform(double* re, double* im);

  std::size_t size_;
  std::vector<double> cos_, sin_;
  std::vector<double> first_;  // the twiddle factors of the first step, side by side
  std::vector<double> re_, im_;
};

}  // namespace lemf
