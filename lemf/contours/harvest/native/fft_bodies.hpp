// The loops of the Fourier transform; part of kernel_bodies.hpp.

struct Complex {
  Vector re, im;
};

LEMF_INLINE Complex load(const double* re, const double* im) {
  return {load(re), load(im)};
}

LEMF_INLINE void store(double* re, double* im, Complex x) {
  store(re, x.re);
  store(im, x.im);
}

LEMF_INLINE Complex plus(Complex a, Complex b) {
  return {a.re + b.re, a.im + b.im};
}

LEMF_INLINE Complex minus(Complex a, Complex b) {
  return {a.re - b.re, a.im - b.im};
}

template <class Factor>
LEMF_INLINE Complex rotated(Complex x, Factor cosine, Factor sine) {
  return {x.re * cosine - x.im * sine, x.re * sine + x.im * cosine};
}

// Transform four points in place.
LEMF_INLINE void four(Complex& a, Complex& b, Complex& c, Complex& d) {
  const Complex apc = plus(a, c), amc = minus(a, c), bpd = plus(b, d);
  const Complex turned{b.im - d.im, d.re - b.re};  // -i (b - d)
  a = plus(apc, bpd);
  b = plus(amc, turned);
  c = minus(apc, bpd);
  d = minus(amc, turned);
}

constexpr double kCos8 = 0.92387953251128675613, kSin8 = 0.38268343236508977173;  // of pi / 8
constexpr double kCos4 = 0.70710678118654752440;                                  // of pi / 4

// An eighth of a turn backwards, and three.
LEMF_INLINE Complex eighth(Complex x) {
  return {(x.re + x.im) * kCos4, (x.im - x.re) * kCos4};
}

LEMF_INLINE Complex three_eighths(Complex x) {
  return {(x.im - x.re) * kCos4, (x.re + x.im) * -kCos4};
}

// Transform eight points; X[j] takes the place of x[j].
LEMF_INLINE void eight(Complex (&x)[8]) {
  four(x[0], x[2], x[4], x[6]);
  four(x[1], x[3], x[5], x[7]);
  const Complex odd[4] = {x[1], eighth(x[3]), {x[5].im, -x[5].re}, three_eighths(x[7])};
  const Complex even[4] = {x[0], x[2], x[4], x[6]};
  for (int j = 0; j < 4; ++j) {
    x[j] = plus(even[j], odd[j]);
    x[j + 4] = minus(even[j], odd[j]);
  }
}

// Transform 16 points; X[j + 4 k] takes the place of x[4 j + k].
LEMF_INLINE void sixteen(Complex (&x)[16]) {
  for (int k = 0; k < 4; ++k) four(x[k], x[4 + k], x[8 + k], x[12 + k]);
  x[5] = rotated(x[5], kCos8, -kSin8);
  x[6] = eighth(x[6]);
  x[7] = rotated(x[7], kSin8, -kCos8);
  x[9] = eighth(x[9]);
  x[10] = {x[10].im, -x[10].re};
  x[11] = three_eighths(x[11]);
  x[13] = rotated(x[13], kSin8, -kCos8);
  x[14] = three_eighths(x[14]);
  x[15] = rotated(x[15], -kCos8, kSin8);
  for (int j = 0; j < 4; ++j) four(x[4 * j], x[4 * j + 1], x[4 * j + 2], x[4 * j + 3]);
}

// Write kWidth registers as columns: to[16 l + j] = rows[j][l].
LEMF_INLINE void store_columns(const Vector (&rows)[kWidth],
                                                         double* to) {
#if LEMF_WIDTH == 8
  __m512d pairs[8], fours[8];
  for (int j = 0; j < 8; j += 2) {
    pairs[j] = _mm512_unpacklo_pd((__m512d)rows[j], (__m512d)rows[j + 1]);
    pairs[j + 1] = _mm512_unpackhi_pd((__m512d)rows[j], (__m512d)rows[j + 1]);
  }
  for (int l = 0; l < 2; ++l)
    for (int half = 0; half < 2; ++half) {
      const __m512d first = pairs[4 * half + l], second = pairs[4 * half + 2 + l];
      fours[4 * half + l] = _mm512_shuffle_f64x2(first, second, 0x88);      // lanes l, l + 4
      fours[4 * half + 2 + l] = _mm512_shuffle_f64x2(first, second, 0xdd);  // l + 2, l + 6
    }
  for (int l = 0; l < 4; ++l) {
    _mm512_storeu_pd(to + 16 * l, _mm512_shuffle_f64x2(fours[l], fours[4 + l], 0x88));
    _mm512_storeu_pd(to + 16 * (l + 4), _mm512_shuffle_f64x2(fours[l], fours[4 + l], 0xdd));
  }
#elif LEMF_WIDTH == 4
  const __m256d low1 = _mm256_unpacklo_pd((__m256d)rows[0], (__m256d)rows[1]);
  const __m256d high1 = _mm256_unpackhi_pd((__m256d)rows[0], (__m256d)rows[1]);
  const __m256d low2 = _mm256_unpacklo_pd((__m256d)rows[2], (__m256d)rows[3]);
  const __m256d high2 = _mm256_unpackhi_pd((__m256d)rows[2], (__m256d)rows[3]);
  _mm256_storeu_pd(to, _mm256_permute2f128_pd(low1, low2, 0x20));
  _mm256_storeu_pd(to + 16, _mm256_permute2f128_pd(high1, high2, 0x20));
  _mm256_storeu_pd(to + 32, _mm256_permute2f128_pd(low1, low2, 0x31));
  _mm256_storeu_pd(to + 48, _mm256_permute2f128_pd(high1, high2, 0x31));
#elif LEMF_WIDTH == 2
  store(to, Vector{rows[0][0], rows[1][0]});
  store(to + 16, Vector{rows[0][1], rows[1][1]});
#else
  *to = rows[0];
#endif
}

// Transform 16 registers of points, turn them and write those of each lane side by side.
LEMF_INLINE void finish_first_step(Complex (&x)[16], std::size_t p,
                                                             std::size_t apart,
                                                             const double* twiddles, double* yr,
                                                             double* yi) {
  sixteen(x);
  for (std::size_t j0 = 0; j0 < 16; j0 += kWidth) {
    Vector re[kWidth], im[kWidth];
    for (std::size_t l = 0; l < kWidth; ++l) {
      const std::size_t j = j0 + l;
      Complex value = x[4 * (j % 4) + j / 4];
      if (j > 0) {
        const double* factors = twiddles + 2 * apart * (j - 1) + p;
        value = rotated(value, load(factors), load(factors + apart));
      }
      re[l] = value.re;
      im[l] = value.im;
    }
    store_columns(re, yr + 16 * p + j0);
    store_columns(im, yi + 16 * p + j0);
  }
}

void first_step(std::size_t size, const double* twiddles, const double* xr, const double* xi,
                double* __restrict yr, double* __restrict yi) {
  const std::size_t apart = size / 16;
  for (std::size_t p = 0; p < apart; p += kWidth) {
    Complex x[16];
    for (std::size_t m = 0; m < 16; ++m) x[m] = load(xr + p + m * apart, xi + p + m * apart);
    finish_first_step(x, p, apart, twiddles, yr, yi);
  }
}

void first_step_of_product(std::size_t size, const double* twiddles, const double* ar,
                           const double* ai, const double* br, const double* bi,
                           double* __restrict yr, double* __restrict yi) {
  const std::size_t apart = size / 16;
  for (std::size_t p = 0; p < apart; p += kWidth) {
    Complex x[16];
    for (std::size_t m = 0; m < 16; ++m) {
      const std::size_t i = p + m * apart;
      const Complex a = load(ar + i, ai + i), b = load(br + i, bi + i);
      x[m] = {a.re * b.im + a.im * b.re, a.re * b.re - a.im * b.im};
    }
    finish_first_step(x, p, apart, twiddles, yr, yi);
  }
}

void step4(std::size_t n, std::size_t stride, std::size_t size, const double* cosine,
           const double* sine, const double* xr, const double* xi, double* __restrict yr,
           double* __restrict yi) {
  const std::size_t apart = stride * (n / 4), step = size / n;
  for (std::size_t p = 0; p < n / 4; ++p)
    for (std::size_t q = 0; q < stride; q += kWidth) {
      const double *re = xr + stride * p + q, *im = xi + stride * p + q;
      Complex x[4];
      for (std::size_t m = 0; m < 4; ++m) x[m] = load(re + m * apart, im + m * apart);
      four(x[0], x[1], x[2], x[3]);
      for (std::size_t j = 0; j < 4; ++j) {
        if (p > 0 && j > 0) x[j] = rotated(x[j], cosine[j * p * step], sine[j * p * step]);
        const std::size_t to = stride * (4 * p + j) + q;
        store(yr + to, yi + to, x[j]);
      }
    }
}

void step8(std::size_t n, std::size_t stride, std::size_t size, const double* cosine,
           const double* sine, const double* xr, const double* xi, double* __restrict yr,
           double* __restrict yi) {
  const std::size_t apart = stride * (n / 8), step = size / n;
  for (std::size_t p = 0; p < n / 8; ++p)
    for (std::size_t q = 0; q < stride; q += kWidth) {
      const double *re = xr + stride * p + q, *im = xi + stride * p + q;
      Complex x[8];
      for (std::size_t m = 0; m < 8; ++m) x[m] = load(re + m * apart, im + m * apart);
      eight(x);
      for (std::size_t j = 0; j < 8; ++j) {
        if (p > 0 && j > 0) x[j] = rotated(x[j], cosine[j * p * step], sine[j * p * step]);
        const std::size_t to = stride * (8 * p + j) + q;
        store(yr + to, yi + to, x[j]);
      }
    }
}

void step16(std::size_t n, std::size_t stride, std::size_t size, const double* cosine,
            const double* sine, const double* xr, const double* xi, double* __restrict yr,
            double* __restrict yi) {
  const std::size_t apart = stride * (n / 16), step = size / n;
  for (std::size_t p = 0; p < n / 16; ++p)
    for (std::size_t q = 0; q < stride; q += kWidth) {
      const double *re = xr + stride * p + q, *im = xi + stride * p + q;
      Complex x[16];
      for (std::size_t m = 0; m < 16; ++m) x[m] = load(re + m * apart, im + m * apart);
      sixteen(x);
      for (std::size_t j = 0; j < 16; ++j) {
        Complex value = x[4 * (j % 4) + j / 4];
        if (p > 0 && j > 0) value = rotated(value, cosine[j * p * step], sine[j * p * step]);
        const std::size_t to = stride * (16 * p + j) + q;
        store(yr + to, yi + to, value);
      }
    }
}
