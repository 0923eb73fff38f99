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

// ------------------------------------------------------------------------------------------------
// Fourier transform

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

void add_parts(std::size_t n, double level, double even, double odd, const double* __restrict sign,
               const double* __restrict cosine, const double* __restrict sine,
               const double* __restrict input, double* __restrict output) {
  for (std::size_t i = 0; i < n; ++i)
    output[i] = input[i] + (level * sign[i] + even * cosine[i] + odd * sine[i]);
}

// ------------------------------------------------------------------------------------------------
// Crossings

// For 64 samples from x on, a bit each: above zero, below zero, and whether the next is higher or
// lower.
struct Signs {
  std::uint64_t above, below, rising, falling;
};

#if defined(__SSE2__) && LEMF_WIDTH == 4
LEMF_INLINE std::uint64_t bits_of(__m256d which, int first) {
  return static_cast<std::uint64_t>(_mm256_movemask_pd(which)) << first;
}
#elif defined(__SSE2__) && LEMF_WIDTH == 2
LEMF_INLINE std::uint64_t bits_of(__m128d which, int first) {
  return static_cast<std::uint64_t>(_mm_movemask_pd(which)) << first;
}
#endif

LEMF_INLINE Signs signs_of(const double* x) {
  Signs signs{0, 0, 0, 0};
#if defined(__SSE2__) && LEMF_WIDTH > 1
  for (int i = 0; i < 64; i += static_cast<int>(kWidth)) {
#if LEMF_WIDTH == 8
    const __m512d a = _mm512_loadu_pd(x + i), b = _mm512_loadu_pd(x + i + 1);
    const __m512d zero = _mm512_setzero_pd();
    signs.above |= std::uint64_t{_mm512_cmp_pd_mask(a, zero, _CMP_GT_OQ)} << i;
    signs.below |= std::uint64_t{_mm512_cmp_pd_mask(a, zero, _CMP_LT_OQ)} << i;
    signs.rising |= std::uint64_t{_mm512_cmp_pd_mask(b, a, _CMP_GT_OQ)} << i;
    signs.falling |= std::uint64_t{_mm512_cmp_pd_mask(b, a, _CMP_LT_OQ)} << i;
#elif LEMF_WIDTH == 4
    const __m256d a = _mm256_loadu_pd(x + i), b = _mm256_loadu_pd(x + i + 1);
    const __m256d zero = _mm256_setzero_pd();
    signs.above |= bits_of(_mm256_cmp_pd(a, zero, _CMP_GT_OQ), i);
    signs.below |= bits_of(_mm256_cmp_pd(a, zero, _CMP_LT_OQ), i);
    signs.rising |= bits_of(_mm256_cmp_pd(b, a, _CMP_GT_OQ), i);
    signs.falling |= bits_of(_mm256_cmp_pd(b, a, _CMP_LT_OQ), i);
#else
    const __m128d a = _mm_loadu_pd(x + i), b = _mm_loadu_pd(x + i + 1), zero = _mm_setzero_pd();
    signs.above |= bits_of(_mm_cmpgt_pd(a, zero), i);
    signs.below |= bits_of(_mm_cmplt_pd(a, zero), i);
    signs.rising |= bits_of(_mm_cmpgt_pd(b, a), i);
    signs.falling |= bits_of(_mm_cmplt_pd(b, a), i);
#endif
  }
#else
  for (int i = 0; i < 64; ++i) {
    signs.above |= std::uint64_t{x[i] > 0.0} << i;
    signs.below |= std::uint64_t{x[i] < 0.0} << i;
    signs.rising |= std::uint64_t{x[i + 1] > x[i]} << i;
    signs.falling |= std::uint64_t{x[i + 1] < x[i]} << i;
  }
#endif
  return signs;
}

// Write the places of the bits, counted from `first`; return how many.
LEMF_INLINE std::size_t list_bits(std::uint64_t bits,
                                                            std::uint32_t first,
                                                            std::uint32_t* places) {
  std::size_t n = 0;
#if LEMF_WIDTH == 8
  __m512i place = _mm512_add_epi32(
      _mm512_set1_epi32(static_cast<int>(first)),
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  for (int part = 0; part < 4; ++part) {
    const __mmask16 mask = static_cast<__mmask16>(bits >> (16 * part));
    _mm512_storeu_si512(places + n, _mm512_maskz_compress_epi32(mask, place));
    n += static_cast<std::size_t>(__builtin_popcount(mask));
    place = _mm512_add_epi32(place, _mm512_set1_epi32(16));
  }
#elif LEMF_WIDTH > 1
  for (; bits != 0; bits &= bits - 1)
    places[n++] = first + static_cast<std::uint32_t>(__builtin_ctzll(bits));
#else
  for (std::uint32_t i = 0; bits != 0; ++i, bits >>= 1)
    if (bits & 1) places[n++] = first + i;
#endif
  return n;
}

void find_crossings(std::size_t n, const double* x, std::uint32_t* const* edges,
                    std::size_t* n_edges) {
  std::size_t found[4] = {0, 0, 0, 0};
  for (std::size_t i = 0; i < n; i += 64) {
    const Signs here = signs_of(x + i);
    const double next = x[i + 64], after_next = x[i + 65];
    const auto ends = [](std::uint64_t bits, bool goes_on) {
      return bits & ~(bits >> 1 | std::uint64_t{goes_on} << 63);
    };
    const std::uint64_t kinds[4] = {
        ends(here.above, next > 0.0), ends(here.below, next < 0.0),
        ends(here.rising, after_next > next), ends(here.falling, after_next < next)};
    const std::uint64_t inside = n - i < 64 ? (std::uint64_t{1} << (n - i)) - 1 : ~std::uint64_t{0};
    for (int kind = 0; kind < 4; ++kind)
      found[kind] += list_bits(kinds[kind] & inside, static_cast<std::uint32_t>(i),
                               edges[kind] + found[kind]);
  }
  std::copy_n(found, 4, n_edges);
}

void locate(std::size_t n, const std::uint32_t* __restrict edges, const double* __restrict x,
            bool of_slope, double first, double* __restrict at) {
  if (of_slope)
    for (std::size_t k = 0; k < n; ++k) {
      const std::uint32_t i = edges[k];
      const double before = x[i + 1] - x[i], after = x[i + 2] - x[i + 1];
      at[k] = first + static_cast<int>(i) + 1.0 - before / (after - before);
    }
  else
    for (std::size_t k = 0; k < n; ++k) {
      const std::uint32_t i = edges[k];
      const double before = x[i], after = x[i + 1];
      at[k] = first + static_cast<int>(i) + 1.0 - before / (after - before);
    }
}

void measure_intervals(std::size_t n, const double* __restrict at, double rate_hz,
                       std::size_t n_frames, double* __restrict f0_hz,
                       double* __restrict place_ms, double* __restrict slope,
                       std::uint32_t* __restrict frame) {
  const double half_ms = 500.0 / rate_hz, last = static_cast<double>(n_frames) - 1.0;
  for (std::size_t i = 0; i < n; ++i) {
    f0_hz[i] = rate_hz / (at[i + 1] - at[i]);
    place_ms[i] = (at[i] + at[i + 1]) * half_ms;
  }
  for (std::size_t i = 0; i + 1 < n; ++i)
    slope[i] = (f0_hz[i + 1] - f0_hz[i]) / (place_ms[i + 1] - place_ms[i]);
  for (std::size_t i = 0; i < n; ++i) {
    const double place = place_ms[i] < last ? place_ms[i] : last;
    frame[i] = static_cast<std::uint32_t>(static_cast<int>(place) + 1);
  }
}

void draw_lines(std::size_t n, const double* __restrict f0_hz, const double* __restrict place_ms,
                const double* __restrict slope, const std::uint32_t* __restrict frame,
                double* __restrict result) {
  constexpr std::size_t kStep = kWidth < 4 ? 4 : kWidth;
  for (std::size_t k = 0; k < n; ++k) {
    const double y = f0_hz[k], x = place_ms[k], rise = slope[k];
    std::size_t i = frame[k];
    do {  // what is beyond the line is overwritten by the next
      const double first = static_cast<double>(static_cast<int>(i));
      for (std::size_t l = 0; l < kStep; ++l)
        result[i + l] = y + ((first + static_cast<double>(static_cast<int>(l))) - x) * rise;
      i += kStep;
    } while (i < frame[k + 1]);
  }
}

void average(std::size_t n, const double* const* lines, double low, double high,
             double* __restrict f0_hz) {
  const double *a = lines[0], *b = lines[1], *c = lines[2], *d = lines[3];
  for (std::size_t i = 0; i < n; ++i) {
    const double mean = (((a[i] + b[i]) + c[i]) + d[i]) / 4.0;
    f0_hz[i] = (mean >= low) & (mean <= high) ? mean : 0.0;
  }
}

void add_band(std::size_t n, double fewest, const double* __restrict f0_hz,
              double* __restrict sum, double* __restrict length, double* __restrict mean) {
  for (std::size_t i = 0; i < n; ++i) {
    const bool voiced = f0_hz[i] > 0.0;
    mean[i] = (!voiced) & (length[i] >= fewest) ? sum[i] / length[i] : 0.0;
    sum[i] = voiced ? sum[i] + f0_hz[i] : 0.0;
    length[i] = voiced ? length[i] + 1.0 : 0.0;
  }
}

// ------------------------------------------------------------------------------------------------
// Refinement

void make_window(int half, const double* __restrict cosine, const double* __restrict sine,
                 double shift_re, double shift_im, double* __restrict later,
                 double* __restrict earlier) {
  for (int n = 0; n <= half; ++n) {
    const double even = cosine[n] * shift_re, odd = sine[n] * shift_im;
    const double after = even - odd, before = even + odd;
    later[n] = 0.34 + after * (0.5 + 0.16 * after);
    earlier[n] = 0.34 + before * (0.5 + 0.16 * before);
  }
  later[half + 1] = earlier[half + 1] = 0.0;
}

// Four doubles, or as many of them as a register holds.
#if LEMF_WIDTH == 8
typedef double PartOfFour __attribute__((vector_size(32)));
#else
typedef Vector PartOfFour;
#endif
constexpr int kPartOfFour = sizeof(PartOfFour) / sizeof(double);

LEMF_INLINE PartOfFour load_part(const double* from) {
  PartOfFour values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

LEMF_INLINE void store_part(double* to, PartOfFour values) {
  std::memcpy(to, &values, sizeof values);
}

// `later` and `earlier` have a value before their first, and at least 4 after those of the window.
void fold_samples(int half, const double* __restrict after, const double* __restrict before,
                  const double* __restrict later, const double* __restrict earlier,
                  double* __restrict sums, double* __restrict differences) {
  for (int first = 0; first <= half; first += 4)
    for (int lane = 0; lane < 4; lane += kPartOfFour) {
      const int n = first + lane, to = 2 * first + lane;
      const PartOfFour a = load_part(after + n), b = load_part(before + n);
      const PartOfFour ml = a * load_part(later + n), me = b * load_part(earlier + n);
      const PartOfFour dl = a * (load_part(later + n - 1) - load_part(later + n + 1)) * 0.5;
      const PartOfFour de = b * (load_part(earlier + n + 1) - load_part(earlier + n - 1)) * 0.5;
      store_part(sums + to, ml + me);
      store_part(differences + to, ml - me);
      store_part(sums + to + 4, dl + de);
      store_part(differences + to + 4, dl - de);
    }
  sums[0] = after[0] * later[0];
  sums[4] = after[0] * (earlier[1] - later[1]) * 0.5;
  differences[0] = differences[4] = 0.0;
  for (int n = half + 1; n % 4 != 0; ++n) {
    const int to = 2 * (n - n % 4) + n % 4;
    sums[to] = sums[to + 4] = differences[to] = differences[to + 4] = 0.0;
  }
}

inline double total(const double* lanes) { return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]); }

// Sums of eight lanes, four under the window and four under its slope.
#if LEMF_WIDTH == 8
typedef Vector Lanes;

LEMF_INLINE void add_product(Lanes& total, const double* x,
                                                       const double* factors) {
  total += load(x) * (Vector)_mm512_broadcast_f64x4(_mm256_loadu_pd(factors));
}
constexpr int kAtOnce = 6;  // harmonics whose sums the registers hold
#else
constexpr std::size_t kParts = 8 / kWidth;

struct Lanes {
  Vector parts[kParts];
};

LEMF_INLINE void add_product(Lanes& total, const double* x,
                                                       const double* factors) {
  for (std::size_t part = 0; part < kParts; ++part)
    total.parts[part] += load(x + kWidth * part) * load(factors + kWidth * part % 4);
}
constexpr int kAtOnce = 2;
#endif

void measure_harmonics(const Folded& x, const Turn* const* turns, const double* bin_hz,
                       double turn_hz, double* __restrict amplitude,
                       double* __restrict frequency_hz) {
  double main_re[kHarmonics], main_im[kHarmonics], slope_re[kHarmonics], slope_im[kHarmonics];
  for (int first = 0; first < kHarmonics; first += kAtOnce) {
    Lanes re[kAtOnce] = {}, im[kAtOnce] = {};
    const double *cosine[kAtOnce], *sine[kAtOnce];
    for (int h = 0; h < kAtOnce; ++h) {
      cosine[h] = turns[first + h]->cosine.data();
      sine[h] = turns[first + h]->sine.data();
    }
    const double *sums = x.sums.data(), *differences = x.differences.data();
    for (std::size_t n = 0; n < 4 * x.n_groups; n += 4)
      for (int h = 0; h < kAtOnce; ++h) {
        add_product(re[h], sums + 2 * n, cosine[h] + n);
        add_product(im[h], differences + 2 * n, sine[h] + n);
      }
    for (int h = 0; h < kAtOnce; ++h) {
      double lanes[8];
      std::memcpy(lanes, &re[h], sizeof lanes);
      main_re[first + h] = total(lanes);
      slope_re[first + h] = total(lanes + 4);
      std::memcpy(lanes, &im[h], sizeof lanes);
      main_im[first + h] = -total(lanes);
      slope_im[first + h] = -total(lanes + 4);
    }
  }
  for (int h = 0; h < kHarmonics; ++h) {
    const double power = main_re[h] * main_re[h] + main_im[h] * main_im[h];
    const double cross = main_re[h] * slope_im[h] - main_im[h] * slope_re[h];
    const double frequency = bin_hz[h] + cross / (power == 0.0 ? 1.0 : power) * turn_hz;
    amplitude[h] = std::sqrt(power);
    frequency_hz[h] = power == 0.0 ? 0.0 : frequency;
  }
}

}  // namespace

extern const Kernels LEMF_KERNELS;
const Kernels LEMF_KERNELS = {
    LEMF_INSTRUCTION_SET, first_step, first_step_of_product, step4, step8, add_parts,
    find_crossings, locate, measure_intervals, draw_lines, average, add_band,
    make_window, fold_samples, measure_harmonics};

}  // namespace lemf
