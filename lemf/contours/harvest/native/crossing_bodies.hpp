// The loops that find crossings and draw lines between them; part of kernel_bodies.hpp.

// For 64 samples, a bit each: above zero, below zero, higher and lower than the one before.
struct Signs {
  std::uint64_t above, below, rising, falling;
};

#if LEMF_WIDTH == 8
// The last of `before` and all but the last of x.
LEMF_INLINE Vector one_earlier(Vector before, Vector x) {
  return (Vector)_mm512_alignr_epi64((__m512i)x, (__m512i)before, 7);
}

LEMF_INLINE std::uint64_t bits_above(Vector a, Vector b) {
  return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_GT_OQ);
}
#elif LEMF_WIDTH == 4
LEMF_INLINE Vector one_earlier(Vector before, Vector x) {
  const __m256d middle = _mm256_permute2f128_pd((__m256d)before, (__m256d)x, 0x21);
  return (Vector)_mm256_shuffle_pd(middle, (__m256d)x, 0x5);
}

LEMF_INLINE std::uint64_t bits_above(Vector a, Vector b) {
  return static_cast<std::uint64_t>(
      _mm256_movemask_pd(_mm256_cmp_pd((__m256d)a, (__m256d)b, _CMP_GT_OQ)));
}
#elif LEMF_WIDTH == 2
LEMF_INLINE Vector one_earlier(Vector before, Vector x) { return Vector{before[1], x[0]}; }

LEMF_INLINE std::uint64_t bits_above(Vector a, Vector b) {
#if defined(__SSE2__)
  return static_cast<std::uint64_t>(_mm_movemask_pd(_mm_cmpgt_pd((__m128d)a, (__m128d)b)));
#else
  return std::uint64_t{a[0] > b[0]} | std::uint64_t{a[1] > b[1]} << 1;
#endif
}
#else
LEMF_INLINE Vector one_earlier(Vector before, Vector) { return before; }
LEMF_INLINE std::uint64_t bits_above(Vector a, Vector b) { return a > b; }
#endif

// Add the ripple to 64 samples and tell the signs of the sums.
LEMF_INLINE Signs add_ripple(const RippleWave& wave, double even, double odd, const double* input,
                             double before, double* x) {
  Signs signs{0, 0, 0, 0};
  const Vector zero{};
  Vector last = zero + before;
  for (std::size_t i = 0; i < kScanned; i += kWidth) {
    const Vector ripple = wave.level * load(wave.sign + i) + even * load(wave.cosine + i) +
                          odd * load(wave.sine + i);
    const Vector here = load(input + i) + ripple, earlier = one_earlier(last, here);
    store(x + i, here);
    signs.above |= bits_above(here, zero) << i;
    signs.below |= bits_above(zero, here) << i;
    signs.rising |= bits_above(here, earlier) << i;
    signs.falling |= bits_above(earlier, here) << i;
    last = here;
  }
  return signs;
}

#if defined(__GNUC__)
LEMF_INLINE std::uint32_t lowest_bit(std::uint64_t bits) {
  return static_cast<std::uint32_t>(__builtin_ctzll(bits));
}

LEMF_INLINE std::size_t count_bits(std::uint64_t bits) {
  return static_cast<std::size_t>(__builtin_popcountll(bits));
}
#else
LEMF_INLINE std::uint32_t lowest_bit(std::uint64_t bits) {
  std::uint32_t place = 0;
  for (; !(bits & 1); bits >>= 1) ++place;
  return place;
}

LEMF_INLINE std::size_t count_bits(std::uint64_t bits) {
  std::size_t n = 0;
  for (; bits != 0; bits &= bits - 1) ++n;
  return n;
}
#endif

// Write the places of the bits, counted from `first`, and up to three more; return how many bits
// there are. Four at a time leave few branches that cannot be foretold.
LEMF_INLINE std::size_t list_bits(std::uint64_t bits, std::uint32_t first,
                                  std::uint32_t* places) {
  constexpr std::uint64_t kHighest = std::uint64_t{1} << 63;
  const std::size_t n = count_bits(bits);
  for (; bits != 0; places += 4)
    for (int i = 0; i < 4; ++i) {
      std::uint32_t place = first + lowest_bit(bits | kHighest);
#if defined(__GNUC__)
      asm("" : "+r"(place));  // one by one: gathering four in a register would take longer
#endif
      places[i] = place;
      bits &= bits - 1;
    }
  return n;
}

void find_crossings(std::size_t n, const RippleWave& wave, const double* input, ScanState& state,
                    double* x, std::uint32_t* const* edges, std::size_t* n_edges) {
  std::size_t found[4] = {0, 0, 0, 0};
  double even = wave.even, odd = wave.odd;
  for (std::size_t i = 0; i < n; i += kScanned) {
    Signs here = add_ripple(wave, even, odd, input + i, x[static_cast<std::ptrdiff_t>(i) - 1], x + i);
    if (!state.started) here.rising &= ~std::uint64_t{1}, here.falling &= ~std::uint64_t{1};
    state.started = true;
    const std::size_t count = std::min(n - i, kScanned);
    const std::uint64_t signs[4] = {here.above, here.below, here.rising, here.falling};
    for (int kind = 0; kind < 4; ++kind) {
      const std::uint64_t ends = (signs[kind] << 1 | state.last[kind]) & ~signs[kind];
      found[kind] += list_bits(ends & ~std::uint64_t{0} >> (kScanned - count),
                               static_cast<std::uint32_t>(i), edges[kind] + found[kind]);
      state.last[kind] = signs[kind] >> (count - 1) & 1;
    }
    const double turned = even * wave.turn_re + odd * wave.turn_im;
    odd = odd * wave.turn_re - even * wave.turn_im;
    even = turned;
  }
  std::copy_n(found, 4, n_edges);
}

void locate(std::size_t n, const std::uint32_t* __restrict edges, const double* __restrict x,
            bool of_slope, double first, double* __restrict at) {
  if (of_slope)
    for (std::size_t k = 0; k < n; ++k) {
      const std::uint32_t i = edges[k];
      const double before = x[i + 1] - x[i], after = x[i + 2] - x[i + 1];
      at[k] = first + static_cast<int>(i) - 1.0 - before / (after - before);
    }
  else
    for (std::size_t k = 0; k < n; ++k) {
      const std::uint32_t i = edges[k];
      const double before = x[i + 1], after = x[i + 2];
      at[k] = first + static_cast<int>(i) - before / (after - before);
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

template <std::size_t kStep>
LEMF_INLINE void draw_lines_by(std::size_t n, const double* __restrict f0_hz,
                               const double* __restrict place_ms, const double* __restrict slope,
                               const std::uint32_t* __restrict frame, double* __restrict result) {
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

void draw_lines(std::size_t n, const double* f0_hz, const double* place_ms, const double* slope,
                const std::uint32_t* frame, double* result) {
  const std::size_t mean = frame[n] / n;  // frames of a line: most are drawn at one go
  if (mean < 3 && kWidth < 8)
    draw_lines_by<4>(n, f0_hz, place_ms, slope, frame, result);
  else if (mean < 6)
    draw_lines_by<8>(n, f0_hz, place_ms, slope, frame, result);
  else
    draw_lines_by<16>(n, f0_hz, place_ms, slope, frame, result);
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
