// The loops that find crossings and draw lines between them; part of kernel_bodies.hpp.

void add_parts(std::size_t n, double level, double even, double odd, const double* __restrict sign,
               const double* __restrict cosine, const double* __restrict sine,
               const double* __restrict input, double* __restrict output) {
  for (std::size_t i = 0; i < n; ++i)
    output[i] = input[i] + (level * sign[i] + even * cosine[i] + odd * sine[i]);
}

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
