// The loops of the refinement; part of kernel_bodies.hpp.

// Eight lanes: four samples under the window, and the same four under its slope.
#if LEMF_WIDTH == 8
typedef Vector Lanes;

LEMF_INLINE Lanes load_lanes(const double* from) { return load(from); }

// Four values twice.
LEMF_INLINE Lanes load_twice(const double* from) {
  return (Vector)_mm512_broadcast_f64x4(_mm256_loadu_pd(from));
}

LEMF_INLINE void store_lanes(double* to, Lanes lanes) { store(to, lanes); }

LEMF_INLINE Lanes exchanged(Lanes x) {
  return (Vector)_mm512_shuffle_f64x2((__m512d)x, (__m512d)x, 0x4e);
}

LEMF_INLINE Lanes first_twice(Lanes x) {
  return (Vector)_mm512_shuffle_f64x2((__m512d)x, (__m512d)x, 0x44);
}

LEMF_INLINE Lanes times(Lanes a, Lanes b) { return a * b; }
LEMF_INLINE Lanes plus(Lanes a, Lanes b) { return a + b; }
LEMF_INLINE Lanes minus(Lanes a, Lanes b) { return a - b; }
#else
constexpr std::size_t kParts = 8 / kWidth;

struct Lanes {
  Vector parts[kParts];
};

LEMF_INLINE Lanes load_lanes(const double* from) {
  Lanes lanes;
  for (std::size_t i = 0; i < kParts; ++i) lanes.parts[i] = load(from + kWidth * i);
  return lanes;
}

LEMF_INLINE Lanes load_twice(const double* from) {
  Lanes lanes;
  for (std::size_t i = 0; i < kParts; ++i) lanes.parts[i] = load(from + kWidth * i % 4);
  return lanes;
}

LEMF_INLINE void store_lanes(double* to, const Lanes& lanes) {
  for (std::size_t i = 0; i < kParts; ++i) store(to + kWidth * i, lanes.parts[i]);
}

LEMF_INLINE Lanes exchanged(const Lanes& x) {
  Lanes lanes;
  for (std::size_t i = 0; i < kParts; ++i) lanes.parts[i] = x.parts[(i + kParts / 2) % kParts];
  return lanes;
}

LEMF_INLINE Lanes first_twice(const Lanes& x) {
  Lanes lanes;
  for (std::size_t i = 0; i < kParts; ++i) lanes.parts[i] = x.parts[i % (kParts / 2)];
  return lanes;
}

LEMF_INLINE Lanes times(const Lanes& a, const Lanes& b) {
  Lanes lanes;
  for (std::size_t i = 0; i < kParts; ++i) lanes.parts[i] = a.parts[i] * b.parts[i];
  return lanes;
}

LEMF_INLINE Lanes plus(const Lanes& a, const Lanes& b) {
  Lanes lanes;
  for (std::size_t i = 0; i < kParts; ++i) lanes.parts[i] = a.parts[i] + b.parts[i];
  return lanes;
}

LEMF_INLINE Lanes minus(const Lanes& a, const Lanes& b) {
  Lanes lanes;
  for (std::size_t i = 0; i < kParts; ++i) lanes.parts[i] = a.parts[i] - b.parts[i];
  return lanes;
}
#endif

// Sum the lanes of four, (0 + 1) + (2 + 3): four sums under the window, then four under its slope.
LEMF_INLINE void total(const Lanes* x, double* sums) {
#if LEMF_WIDTH == 8
  const __m512d a = (__m512d)x[0], b = (__m512d)x[1], c = (__m512d)x[2], d = (__m512d)x[3];
  const __m512d ab = _mm512_add_pd(_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
  const __m512d cd = _mm512_add_pd(_mm512_unpacklo_pd(c, d), _mm512_unpackhi_pd(c, d));
  const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
  const __m512i high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
  _mm512_storeu_pd(sums, _mm512_add_pd(_mm512_permutex2var_pd(ab, low, cd),
                                       _mm512_permutex2var_pd(ab, high, cd)));
#elif LEMF_WIDTH == 4
  for (int part = 0; part < 2; ++part) {
    const __m256d ab = _mm256_hadd_pd((__m256d)x[0].parts[part], (__m256d)x[1].parts[part]);
    const __m256d cd = _mm256_hadd_pd((__m256d)x[2].parts[part], (__m256d)x[3].parts[part]);
    _mm256_storeu_pd(sums + 4 * part, _mm256_add_pd(_mm256_permute2f128_pd(ab, cd, 0x20),
                                                    _mm256_permute2f128_pd(ab, cd, 0x31)));
  }
#else
  for (int i = 0; i < 4; ++i) {
    double lanes[8];
    store_lanes(lanes, x[i]);
    sums[i] = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    sums[4 + i] = (lanes[4] + lanes[5]) + (lanes[6] + lanes[7]);
  }
#endif
}

// Four times one value, then four times another.
LEMF_INLINE Lanes two_values(double first, double second) {
  const double lanes[8] = {first, first, first, first, second, second, second, second};
  return load_lanes(lanes);
}

void turn_little(const double* __restrict angle, double* __restrict cosine,
                 double* __restrict sine) {
  double square[kTargets], even[kTargets], odd[kTargets];
  for (int i = 0; i < kTargets; ++i) {
    square[i] = angle[i] * angle[i];
    even[i] = odd[i] = 1.0;
  }
  for (int n = 18; n > 0; n -= 2) {
    const double for_even = 1.0 / ((n - 1) * n), for_odd = 1.0 / (n * (n + 1));
    for (int i = 0; i < kTargets; ++i) {
      even[i] = 1.0 - even[i] * square[i] * for_even;
      odd[i] = 1.0 - odd[i] * square[i] * for_odd;
    }
  }
  for (int i = 0; i < kTargets; ++i) {
    cosine[i] = even[i];
    sine[i] = odd[i] * angle[i];
  }
}

void make_window(int half, const double* turn, double shift_re, double shift_im,
                 double* window_later, double* window_earlier) {
  const std::size_t n_groups = static_cast<std::size_t>(half + 4) / 4;
  const double cosine = turn[1], sine = turn[5];  // of the angle from sample to sample
  const Lanes level = two_values(0.34, 0.0), linear = two_values(0.5, 0.5 * sine);
  const Lanes square = two_values(0.16, 0.32 * (sine * cosine));
  const Lanes later_re = two_values(shift_re, shift_re), later_im = two_values(-shift_im, shift_im);
  const Lanes earlier_re = two_values(shift_re, -shift_re);
  const Lanes earlier_im = two_values(shift_im, shift_im);
  for (std::size_t group = 0; group < n_groups; ++group) {
    const Lanes x = load_lanes(turn + 8 * group), y = exchanged(x);
    const Lanes after = plus(times(x, later_re), times(y, later_im));
    const Lanes before = plus(times(x, earlier_re), times(y, earlier_im));
    store_lanes(window_later + 8 * group,
                plus(level, times(after, plus(linear, times(square, first_twice(after))))));
    store_lanes(window_earlier + 8 * group,
                plus(level, times(before, plus(linear, times(square, first_twice(before))))));
  }
  // the middle sample counts once; beyond the ends the window is 0, and so is what follows
  const auto place = [](int n) { return 8 * (n / 4) + n % 4; };
  window_earlier[0] = window_earlier[4] = 0.0;
  window_later[place(half) + 4] = 0.5 * window_later[place(half - 1)];
  window_earlier[place(half) + 4] = -0.5 * window_earlier[place(half - 1)];
  for (int n = half + 1; n < static_cast<int>(4 * n_groups); ++n)
    for (double* window : {window_later, window_earlier})
      window[place(n)] = window[place(n) + 4] = 0.0;
}

void fold_samples(std::size_t n_groups, const double* after, const double* before,
                  const double* window_later, const double* window_earlier, double* sums,
                  double* differences) {
  for (std::size_t group = 0; group < n_groups; ++group) {
    const Lanes a = times(load_twice(after + 4 * group), load_lanes(window_later + 8 * group));
    const Lanes b = times(load_twice(before + 4 * group), load_lanes(window_earlier + 8 * group));
    store_lanes(sums + 8 * group, plus(a, b));
    store_lanes(differences + 8 * group, minus(a, b));
  }
}

// Harmonics whose sums the registers hold.
constexpr int kAtOnce = kWidth == 8 ? 6 : kWidth == 4 ? 2 : 1;

void sum_harmonics(std::size_t n_groups, const double* sums, const double* differences,
                   const Turn* const* turns, double* found) {
  Lanes lanes[2 * kHarmonics];
  for (int first = 0; first < kHarmonics; first += kAtOnce) {
    Lanes here[2 * kAtOnce] = {};
    const double *cosine[kAtOnce], *sine[kAtOnce];
    for (int h = 0; h < kAtOnce; ++h) {
      cosine[h] = turns[first + h]->cosine.data();
      sine[h] = turns[first + h]->sine.data();
    }
    for (std::size_t group = 0; group < n_groups; ++group) {
      const Lanes sum = load_lanes(sums + 8 * group);
      const Lanes difference = load_lanes(differences + 8 * group);
      for (int h = 0; h < kAtOnce; ++h) {
        here[2 * h] = plus(here[2 * h], times(sum, load_twice(cosine[h] + 4 * group)));
        here[2 * h + 1] =
            plus(here[2 * h + 1], times(difference, load_twice(sine[h] + 4 * group)));
      }
    }
    for (int i = 0; i < 2 * kAtOnce; ++i) lanes[2 * first + i] = here[i];
  }
  double totals[4 * kHarmonics];
  for (int pair = 0; pair < kHarmonics / 2; ++pair) total(lanes + 4 * pair, totals + 8 * pair);
  for (int i = 0; i < 4 * kHarmonics; ++i) found[kTargets * i] = totals[i];
}

void judge_harmonics(const double* __restrict sums, const HarmonicBins& bins, double f0_hz,
                     double turn_hz, double* __restrict refined_hz, double* __restrict score) {
  double numerator[kTargets] = {}, denominator[kTargets] = {}, error[kTargets] = {};
  for (int h = 0; h < bins.n; ++h) {
    // of two harmonics: real and imaginary parts (turned backwards) under the window, then slope
    const double* re = sums + kTargets * (8 * (h / 2) + 2 * (h % 2));
    const double *im = re + kTargets, *slope_re = re + 4 * kTargets, *slope_im = re + 5 * kTargets;
    const double bin_hz = bins.hz[h], number = h + 1.0, per_number = 1.0 / number;
    for (int i = 0; i < kTargets; ++i) {
      const double power = re[i] * re[i] + im[i] * im[i];
      const double cross = im[i] * slope_re[i] - re[i] * slope_im[i];
      const double turned_hz = bin_hz + cross / (power == 0.0 ? 1.0 : power) * turn_hz;
      const double frequency_hz = power == 0.0 ? 0.0 : turned_hz;
      const double amplitude = std::sqrt(power);
      numerator[i] += amplitude * frequency_hz;
      denominator[i] += amplitude * number;
      error[i] += std::fabs(frequency_hz * per_number - f0_hz);
    }
  }
  const double per_error = 1.0 / (f0_hz * bins.n);
  for (int i = 0; i < kTargets; ++i) {
    refined_hz[i] = numerator[i] / (denominator[i] + kTiny);
    score[i] = 1.0 / (error[i] * per_error + kTiny);
  }
}
