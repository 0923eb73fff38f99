#include "fft.hpp"

#include <cmath>
#include <utility>

#include "steps.hpp"

namespace lemf {

Fft::Fft(std::size_t size) : size_(size), cos_(size), sin_(size), first_(30 * (size / 16)) {
  double *cosine = cos_.data(), *sine = sin_.data(), *first = first_.data();
  for (std::size_t k = 0; k < size; ++k) {
    const double angle = -2.0 * kPi * static_cast<double>(k) / static_cast<double>(size);
    cosine[k] = std::cos(angle);
    sine[k] = std::sin(angle);
  }
  for (std::size_t power = 1; power < 16; ++power)
    for (const double* table : {cosine, sine})
      for (std::size_t p = 0; p < size / 16; ++p) *first++ = table[power * p];
}

Fft::Parts Fft::forward(const Kernels& kernels, double* space) const {
  kernels.first_step(size_, first_.data(), space, space + apart(), space + 2 * apart(),
                     space + 3 * apart());
  return finish(kernels, space);
}

Fft::Parts Fft::inverse_of_product(const Kernels& kernels, Parts a, Parts b,
                                   double* space) const {
  // exchanging the parts conjugates before and after
  kernels.first_step_of_product(size_, first_.data(), a.re, a.im, b.re, b.im, space + 2 * apart(),
                                space + 3 * apart());
  const Parts exchanged = finish(kernels, space);
  return {exchanged.im, exchanged.re};
}

Fft::Parts Fft::finish(const Kernels& kernels, double* space) const {
  double *x = space + 2 * apart(), *y = space;
  for (std::size_t n = size_ / 16; n > 1;) {
    const std::size_t radix = n == 4 ? 4 : n == 16 || n >= 128 ? 16 : 8;  // 2 is never left over
    const auto step = radix == 4 ? kernels.step4 : radix == 8 ? kernels.step8 : kernels.step16;
    step(n, size_ / n, size_, cos_.data(), sin_.data(), x, x + apart(), y, y + apart());
    std::swap(x, y);
    n /= radix;
  }
  return {x, x + apart()};
}

}  // namespace lemf
