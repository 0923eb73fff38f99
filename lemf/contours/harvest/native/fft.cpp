#include "fft.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "simd.hpp"
#include "steps.hpp"

namespace lemf {
namespace {

// One radix-4 step: `n` points remain in each transform, which lie `stride` apart.
LEMF_SIMD void radix4(std::size_t n, std::size_t stride, std::size_t size, const double* cosine,
                      const double* sine, const double* __restrict xr,
                      const double* __restrict xi, double* __restrict yr,
                      double* __restrict yi) {
  const std::size_t quarter = n / 4, step = size / n;
  for (std::size_t p = 0; p < quarter; ++p) {
    const double c1 = cosine[p * step], s1 = sine[p * step];
    const double c2 = cosine[2 * p * step], s2 = sine[2 * p * step];
    const double c3 = cosine[3 * p * step], s3 = sine[3 * p * step];
    const double* ar = xr + stride * p;
    const double* ai = xi + stride * p;
    const double* br = ar + stride * quarter;
    const double* bi = ai + stride * quarter;
    const double* cr = br + stride * quarter;
    const double* ci = bi + stride * quarter;
    const double* dr = cr + stride * quarter;
    const double* di = ci + stride * quarter;
    double* y0r = yr + stride * 4 * p;
    double* y0i = yi + stride * 4 * p;
    double* y1r = y0r + stride;
    double* y1i = y0i + stride;
    double* y2r = y1r + stride;
    double* y2i = y1i + stride;
    double* y3r = y2r + stride;
    double* y3i = y2i + stride;
    for (std::size_t q = 0; q < stride; ++q) {
      const double apcr = ar[q] + cr[q], apci = ai[q] + ci[q];
      const double amcr = ar[q] - cr[q], amci = ai[q] - ci[q];
      const double bpdr = br[q] + dr[q], bpdi = bi[q] + di[q];
      const double jbmdr = bi[q] - di[q], jbmdi = dr[q] - br[q];  // -i (b - d)
      y0r[q] = apcr + bpdr;
      y0i[q] = apci + bpdi;
      const double t1r = amcr + jbmdr, t1i = amci + jbmdi;
      const double t2r = apcr - bpdr, t2i = apci - bpdi;
      const double t3r = amcr - jbmdr, t3i = amci - jbmdi;
      y1r[q] = t1r * c1 - t1i * s1;
      y1i[q] = t1r * s1 + t1i * c1;
      y2r[q] = t2r * c2 - t2i * s2;
      y2i[q] = t2r * s2 + t2i * c2;
      y3r[q] = t3r * c3 - t3i * s3;
      y3i[q] = t3r * s3 + t3i * c3;
    }
  }
}

// The first step of all, where the transforms lie side by side.
LEMF_SIMD void radix4_first(std::size_t quarter, const double* __restrict w,
                            const double* __restrict xr, const double* __restrict xi,
                            double* __restrict yr, double* __restrict yi) {
  const double *c1 = w, *s1 = w + quarter, *c2 = w + 2 * quarter, *s2 = w + 3 * quarter;
  const double *c3 = w + 4 * quarter, *s3 = w + 5 * quarter;
  for (std::size_t p = 0; p < quarter; ++p) {
    const double ar = xr[p], br = xr[p + quarter], cr = xr[p + 2 * quarter];
    const double dr = xr[p + 3 * quarter];
    const double ai = xi[p], bi = xi[p + quarter], ci = xi[p + 2 * quarter];
    const double di = xi[p + 3 * quarter];
    const double apcr = ar + cr, apci = ai + ci, amcr = ar - cr, amci = ai - ci;
    const double bpdr = br + dr, bpdi = bi + di, jbmdr = bi - di, jbmdi = dr - br;
    const double t1r = amcr + jbmdr, t1i = amci + jbmdi;
    const double t2r = apcr - bpdr, t2i = apci - bpdi;
    const double t3r = amcr - jbmdr, t3i = amci - jbmdi;
    yr[4 * p] = apcr + bpdr;
    yr[4 * p + 1] = t1r * c1[p] - t1i * s1[p];
    yr[4 * p + 2] = t2r * c2[p] - t2i * s2[p];
    yr[4 * p + 3] = t3r * c3[p] - t3i * s3[p];
    yi[4 * p] = apci + bpdi;
    yi[4 * p + 1] = t1r * s1[p] + t1i * c1[p];
    yi[4 * p + 2] = t2r * s2[p] + t2i * c2[p];
    yi[4 * p + 3] = t3r * s3[p] + t3i * c3[p];
  }
}

LEMF_SIMD void radix2(std::size_t stride, const double* __restrict xr,
                      const double* __restrict xi, double* __restrict yr,
                      double* __restrict yi) {
  for (std::size_t q = 0; q < stride; ++q) {
    yr[q] = xr[q] + xr[q + stride];
    yi[q] = xi[q] + xi[q + stride];
    yr[q + stride] = xr[q] - xr[q + stride];
    yi[q + stride] = xi[q] - xi[q + stride];
  }
}

}  // namespace

Fft::Fft(std::size_t size) : size_(size), cos_(size), sin_(size) {
  for (std::size_t k = 0; k < size; ++k) {
    const double angle = -2.0 * kPi * static_cast<double>(k) / static_cast<double>(size);
    cos_[k] = std::cos(angle);
    sin_[k] = std::sin(angle);
  }
  for (std::size_t power = 1; power <= 3; ++power) {
    for (std::size_t k = 0; k < size / 4; ++k) first_.push_back(cos_[power * k]);
    for (std::size_t k = 0; k < size / 4; ++k) first_.push_back(sin_[power * k]);
  }
}

void Fft::transform(double* re, double* im, std::vector<double>& space) const {
  double *xr = re, *xi = im, *yr = &space[2 * apart()], *yi = &space[3 * apart()];
  std::size_t n = size_, stride = 1;
  while (n >= 4) {
    if (stride == 1)
      radix4_first(n / 4, first_.data(), xr, xi, yr, yi);
    else
      radix4(n, stride, size_, cos_.data(), sin_.data(), xr, xi, yr, yi);
    std::swap(xr, yr);
    std::swap(xi, yi);
    n /= 4;
    stride *= 4;
  }
  if (n == 2) {
    radix2(stride, xr, xi, yr, yi);
    std::swap(xr, yr);
    std::swap(xi, yi);
  }
  if (xr != re) {
    std::copy_n(xr, size_, re);
    std::copy_n(xi, size_, im);
  }
}

}  // namespace lemf
