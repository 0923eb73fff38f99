// The ripple that WORLD's filters add at half the sampling rate.
//
// WORLD filters by one transform of the whole signal. As it mirrors the product of the spectra, the
// two highest bins are overwritten: both get the product at the second highest, times the signal at
// the highest. That is far below speech of the usual scale, but quadratic in the signal, and where
// the signal is constant (digital silence, clipping) the peaks and dips of a band are the ripple's.
#pragma once

#include <complex>
#include <cstddef>
#include <vector>

#include "kernels.hpp"

namespace lemf {

class Ripple {
 public:
  // At sample n: (-1)^n (level + Re(slow) cos(2 pi n / N) + Im(slow) sin(2 pi n / N)), where N is
  // the length of WORLD's transform.
  struct Wave {
    double level;
    std::complex<double> slow;
  };

  Ripple(const std::vector<double>& signal, double rate_hz, double lowest_hz);

  // The ripple of the band with these taps, where outputs are one sample early.
  Wave of(const std::vector<double>& taps) const;

  // The same from a sample on.
  RippleWave from(const Wave& wave, std::size_t start) const;

 private:
  // The two highest bins of the values' transform.
  Wave highest_bins(const std::vector<double>& values) const;

  // (-1)^n exp(2 pi i n / N)
  std::complex<double> turned(std::size_t n) const;

  double size_;                           // N
  AlignedDoubles sign_, cosine_, sine_;  // the three parts of a wave over kScanned samples
  Wave signal_;
};

}  // namespace lemf
