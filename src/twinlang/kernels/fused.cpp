// What stands between the matrix products of a transformer, each in one pass over memory.
//
// Every function exists for fp32 and for bf16 storage (suffixes _f32, _bf16); sums are always fp32.
// Work is cut into blocks of a fixed number of rows, whose partial sums are added in order, so that
// a result never depends on the number of threads. Dropout is a function of (key, row, place,
// column), as in twinlang.dropout: nothing is stored, and how rows are cut into micro-batches
// changes nothing.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

using i64 = std::int64_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

constexpr i64 BLOCK = 64;  // rows of a block of work

struct bf16 {
    std::uint16_t bits;
};

inline float load(float x) { return x; }
inline float load(bf16 x) {
    u32 wide = u32(x.bits) << 16;
    float found;
    std::memcpy(&found, &wide, 4);
    return found;
}
inline void store(float &to, float x) { to = x; }
inline void store(bf16 &to, float x) {  // to nearest, ties to even
    u32 wide;
    std::memcpy(&wide, &x, 4);
    to.bits = std::uint16_t((wide + 0x7fffu + ((wide >> 16) & 1u)) >> 16);
}

// exp with a relative error below 2e-7: 2^n times a polynomial on [-ln2/2, ln2/2]. NaN stays NaN.
inline float exponential(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    float n = std::nearbyintf(x * 1.44269504f);
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    std::int32_t bits = (std::int32_t(n) + 127) << 23;
    float power;
    std::memcpy(&power, &bits, 4);
    return p * power;
}

// The normal distribution's cumulative and density at x; Abramowitz & Stegun 7.1.26, error 1e-7.
inline void normal(float x, float &cumulative, float &density) {
    float z = std::fabs(x) * 0.70710678f;
    float e = exponential(-z * z);
    float t = 1.0f / (1.0f + 0.3275911f * z);
    float tail = ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t +
                  0.254829592f) * t * e * 0.5f;
    cumulative = x < 0 ? tail : 1.0f - tail;
    density = e * 0.39894228f;
}

inline u64 mixed(u64 x) {  // SplitMix64's finaliser
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ull;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

// Dropout of one line of a tensor: place `place` of row `row`.
struct Line {
    u32 low, high;
    u32 threshold;
    float scale;
    Line(i64 key, i64 line, u32 threshold, float scale) : threshold(threshold), scale(scale) {
        u64 bits = mixed(u64(key) + u64(line) * 0x9e3779b97f4a7c15ull);
        low = u32(bits);
        high = u32(bits >> 32);
    }
    // 1 / (1 - share) where a column is kept, else 0.
    inline float operator()(u32 column) const {
        u32 x = (column + low) * 0x9e3779b1u;
        x ^= (x >> 16) ^ high;
        x *= 0x7feb352du;
        x ^= x >> 15;
        x *= 0x846ca68bu;
        x ^= x >> 16;
        return x >= threshold ? scale : 0.0f;
    }
};

template <class F> inline float total(i64 n, F value) {
    float found = 0;
#pragma omp simd reduction(+ : found)
    for (i64 i = 0; i < n; ++i) found += value(i);
    return found;
}

template <class F> inline float largest(i64 n, F value) {
    float found = -3.0e38f;
#pragma omp simd reduction(max : found)
    for (i64 i = 0; i < n; ++i) found = value(i) > found ? value(i) : found;
    return found;
}

// Runs body(block, first, last) over blocks of rows.
template <class F> inline void blocks(i64 rows, int threads, F body) {
    i64 count = (rows + BLOCK - 1) / BLOCK;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (i64 b = 0; b < count; ++b) body(b, b * BLOCK, b * BLOCK + BLOCK < rows ? b * BLOCK + BLOCK : rows);
}

// to[c] += the sum over blocks of partial[b][c], in the order of blocks.
inline void gather(const std::vector<float> &partial, i64 count, i64 width, float *to) {
    for (i64 b = 0; b < count; ++b)
        for (i64 c = 0; c < width; ++c) to[c] += partial[b * width + c];
}
inline i64 block_count(i64 rows) { return (rows + BLOCK - 1) / BLOCK; }

// out = norm(x + dropout(y + bias)); also the sum, its mean and 1 / deviation, for backward.
template <class T>
void norm_forward(const T *x, const T *y, const float *bias, const float *gain, const float *shift,
                  float epsilon, T *sum, T *out, float *mean, float *rstd, i64 rows, i64 width,
                  i64 key, const i64 *lines, u32 threshold, float scale, int threads) {
    blocks(rows, threads, [&](i64, i64 first, i64 last) {
        std::vector<float> s(width);
        for (i64 r = first; r < last; ++r) {
            const T *a = x + r * width, *b = y + r * width;
            if (threshold) {
                Line line(key, lines[r], threshold, scale);
                for (i64 c = 0; c < width; ++c) s[c] = load(a[c]) + (load(b[c]) + bias[c]) * line(u32(c));
            } else {
                for (i64 c = 0; c < width; ++c) s[c] = load(a[c]) + load(b[c]) + bias[c];
            }
            float m = total(width, [&](i64 c) { return s[c]; }) / width;
            float v = total(width, [&](i64 c) { return (s[c] - m) * (s[c] - m); }) / width;
            float q = 1.0f / std::sqrt(v + epsilon);
            mean[r] = m;
            rstd[r] = q;
            T *keep = sum + r * width, *to = out + r * width;
            for (i64 c = 0; c < width; ++c) {
                store(keep[c], s[c]);
                store(to[c], (s[c] - m) * q * gain[c] + shift[c]);
            }
        }
    });
}

// Backward of norm_forward. to_x, to_y: gradients of x and of y; the same buffer without dropout.
template <class T>
void norm_backward(const T *gradient, const T *sum, const float *mean, const float *rstd,
                   const float *gain, T *to_x, T *to_y, float *to_bias, float *to_gain,
                   float *to_shift, i64 rows, i64 width, i64 key, const i64 *lines, u32 threshold,
                   float scale, int threads) {
    i64 count = block_count(rows);
    std::vector<float> partial(count * 3 * width, 0.0f);
    blocks(rows, threads, [&](i64 block, i64 first, i64 last) {
        std::vector<float> scratch(2 * width);
        float *normed = scratch.data(), *inner = normed + width;
        float *bias = &partial[block * 3 * width], *gains = bias + width, *shifts = gains + width;
        for (i64 r = first; r < last; ++r) {
            const T *g = gradient + r * width, *s = sum + r * width;
            float m = mean[r], q = rstd[r];
            for (i64 c = 0; c < width; ++c) {
                float d = load(g[c]);
                normed[c] = (load(s[c]) - m) * q;
                gains[c] += d * normed[c];
                shifts[c] += d;
                inner[c] = d * gain[c];
            }
            float mean_inner = total(width, [&](i64 c) { return inner[c]; }) / width;
            float mean_both = total(width, [&](i64 c) { return inner[c] * normed[c]; }) / width;
            T *x = to_x + r * width, *y = to_y + r * width;
            if (threshold) {
                Line line(key, lines[r], threshold, scale);
                for (i64 c = 0; c < width; ++c) {
                    float d = (inner[c] - mean_inner - normed[c] * mean_both) * q;
                    float dropped = d * line(u32(c));
                    store(x[c], d);
                    store(y[c], dropped);
                    bias[c] += dropped;
                }
            } else {
                for (i64 c = 0; c < width; ++c) {
                    float d = (inner[c] - mean_inner - normed[c] * mean_both) * q;
                    store(x[c], d);
                    bias[c] += d;
                }
            }
        }
    });
    for (i64 b = 0; b < count; ++b) {
        const float *from = &partial[b * 3 * width];
        for (i64 c = 0; c < width; ++c) to_bias[c] += from[c];
        for (i64 c = 0; c < width; ++c) to_gain[c] += from[width + c];
        for (i64 c = 0; c < width; ++c) to_shift[c] += from[2 * width + c];
    }
}

// out = dropout(norm(pieces[id] + positions[place])).
template <class T>
void embed_forward(const i64 *ids, const float *pieces, const float *positions, const float *gain,
                   const float *shift, float epsilon, T *out, float *mean, float *rstd, i64 rows,
                   i64 time, i64 width, i64 key, const i64 *lines, u32 threshold, float scale,
                   int threads) {
    blocks(rows, threads, [&](i64, i64 first, i64 last) {
        std::vector<float> s(width);
        for (i64 r = first; r < last; ++r) {
            const float *a = pieces + ids[r] * width, *b = positions + (r % time) * width;
            for (i64 c = 0; c < width; ++c) s[c] = a[c] + b[c];
            float m = total(width, [&](i64 c) { return s[c]; }) / width;
            float v = total(width, [&](i64 c) { return (s[c] - m) * (s[c] - m); }) / width;
            float q = 1.0f / std::sqrt(v + epsilon);
            mean[r] = m;
            rstd[r] = q;
            T *to = out + r * width;
            if (threshold) {
                Line line(key, lines[r], threshold, scale);
                for (i64 c = 0; c < width; ++c)
                    store(to[c], ((s[c] - m) * q * gain[c] + shift[c]) * line(u32(c)));
            } else {
                for (i64 c = 0; c < width; ++c) store(to[c], (s[c] - m) * q * gain[c] + shift[c]);
            }
        }
    });
}

// Backward of embed_forward, added to the gradients of both embeddings and of the norm.
template <class T>
void embed_backward(const T *gradient, const i64 *ids, const float *pieces, const float *positions,
                    const float *mean, const float *rstd, const float *gain, float *to_pieces,
                    float *to_positions, float *to_gain, float *to_shift, i64 rows, i64 time,
                    i64 width, i64 key, const i64 *lines, u32 threshold, float scale, int threads) {
    i64 count = block_count(rows);
    std::vector<float> partial(count * 2 * width, 0.0f), found(rows * width);
    blocks(rows, threads, [&](i64 block, i64 first, i64 last) {
        std::vector<float> scratch(2 * width);
        float *normed = scratch.data(), *inner = normed + width;
        float *gains = &partial[block * 2 * width], *shifts = gains + width;
        for (i64 r = first; r < last; ++r) {
            const T *g = gradient + r * width;
            const float *a = pieces + ids[r] * width, *b = positions + (r % time) * width;
            float m = mean[r], q = rstd[r];
            Line line(key, threshold ? lines[r] : 0, threshold, threshold ? scale : 1.0f);
            for (i64 c = 0; c < width; ++c) {
                float d = load(g[c]) * line(u32(c));
                normed[c] = (a[c] + b[c] - m) * q;
                gains[c] += d * normed[c];
                shifts[c] += d;
                inner[c] = d * gain[c];
            }
            float mean_inner = total(width, [&](i64 c) { return inner[c]; }) / width;
            float mean_both = total(width, [&](i64 c) { return inner[c] * normed[c]; }) / width;
            float *to = &found[r * width];
            for (i64 c = 0; c < width; ++c) to[c] = (inner[c] - mean_inner - normed[c] * mean_both) * q;
        }
    });
    for (i64 b = 0; b < count; ++b) {
        const float *from = &partial[b * 2 * width];
        for (i64 c = 0; c < width; ++c) to_gain[c] += from[c];
        for (i64 c = 0; c < width; ++c) to_shift[c] += from[width + c];
    }
    // A thread adds the rows of its own columns, so that no two write to one place.
    i64 part = (width + threads - 1) / threads;
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (int t = 0; t < threads; ++t) {
        i64 low = t * part, high = low + part < width ? low + part : width;
        for (i64 r = 0; r < rows; ++r) {
            const float *from = &found[r * width];
            float *a = to_pieces + ids[r] * width, *b = to_positions + (r % time) * width;
            for (i64 c = low; c < high; ++c) a[c] += from[c];
            for (i64 c = low; c < high; ++c) b[c] += from[c];
        }
    }
}

// u += bias in place; out = gelu(u), exact.
template <class T>
void gelu_forward(T *u, const float *bias, T *out, i64 rows, i64 width, int threads) {
    blocks(rows, threads, [&](i64, i64 first, i64 last) {
        for (i64 r = first; r < last; ++r) {
            T *a = u + r * width, *to = out + r * width;
            for (i64 c = 0; c < width; ++c) {
                float x = load(a[c]) + bias[c], cumulative, density;
                normal(x, cumulative, density);
                store(a[c], x);
                store(to[c], x * cumulative);
            }
        }
    });
}

// gradient *= gelu'(u) in place; its sum over rows is added to to_bias.
template <class T>
void gelu_backward(T *gradient, const T *u, float *to_bias, i64 rows, i64 width, int threads) {
    i64 count = block_count(rows);
    std::vector<float> partial(count * width, 0.0f);
    blocks(rows, threads, [&](i64 block, i64 first, i64 last) {
        float *bias = &partial[block * width];
        for (i64 r = first; r < last; ++r) {
            T *g = gradient + r * width;
            const T *a = u + r * width;
            for (i64 c = 0; c < width; ++c) {
                float x = load(a[c]), cumulative, density;
                normal(x, cumulative, density);
                float d = load(g[c]) * (cumulative + x * density);
                store(g[c], d);
                bias[c] += d;
            }
        }
    });
    gather(partial, count, width, to_bias);
}

// qkv (batch, time, 3, heads, size) + bias -> q scaled, k, v, each (batch, heads, time, size).
template <class T>
void split(const T *qkv, const float *bias, float scale, T *q, T *k, T *v, i64 batch, i64 time,
           i64 heads, i64 size, int threads) {
    i64 width = heads * size;
    T *parts[3] = {q, k, v};
    blocks(batch * time, threads, [&](i64, i64 first, i64 last) {
        for (i64 r = first; r < last; ++r) {
            i64 row = r / time, place = r % time;
            for (int p = 0; p < 3; ++p)
                for (i64 h = 0; h < heads; ++h) {
                    const T *from = qkv + r * 3 * width + p * width + h * size;
                    const float *b = bias + p * width + h * size;
                    T *to = parts[p] + ((row * heads + h) * time + place) * size;
                    float times = p == 0 ? scale : 1.0f;
                    for (i64 c = 0; c < size; ++c) store(to[c], (load(from[c]) + b[c]) * times);
                }
        }
    });
}

// The reverse for gradients: into (batch, time, 3, heads, size), their sum added to to_bias.
template <class T>
void join(const T *q, const T *k, const T *v, float scale, T *qkv, float *to_bias, i64 batch,
          i64 time, i64 heads, i64 size, int threads) {
    i64 width = heads * size, count = block_count(batch * time);
    const T *parts[3] = {q, k, v};
    std::vector<float> partial(count * 3 * width, 0.0f);
    blocks(batch * time, threads, [&](i64 block, i64 first, i64 last) {
        float *sums = &partial[block * 3 * width];
        for (i64 r = first; r < last; ++r) {
            i64 row = r / time, place = r % time;
            for (int p = 0; p < 3; ++p)
                for (i64 h = 0; h < heads; ++h) {
                    const T *from = parts[p] + ((row * heads + h) * time + place) * size;
                    i64 at = p * width + h * size;
                    T *to = qkv + r * 3 * width + at;
                    float times = p == 0 ? scale : 1.0f;
                    for (i64 c = 0; c < size; ++c) {
                        float d = load(from[c]) * times;
                        store(to[c], d);
                        sums[at + c] += d;
                    }
                }
        }
    });
    gather(partial, count, 3 * width, to_bias);
}

// (batch, heads, time, size) -> (batch, time, heads, size), or back.
template <class T>
void swap_heads(const T *from, T *to, i64 batch, i64 time, i64 heads, i64 size, int back, int threads) {
    blocks(batch * time, threads, [&](i64, i64 first, i64 last) {
        for (i64 r = first; r < last; ++r)
            for (i64 h = 0; h < heads; ++h) {
                i64 flat = (r * heads + h) * size;
                i64 headed = (((r / time) * heads + h) * time + r % time) * size;
                std::memcpy(to + (back ? headed : flat), from + (back ? flat : headed), size * sizeof(T));
            }
    });
}

// Softmax of scores (batch * heads, time, time) over the first lengths[row] keys, in place; with
// dropout also `dropped`, its values after dropout.
template <class T>
void softmax_forward(T *scores, T *dropped, const i64 *lengths, i64 batch, i64 heads, i64 time,
                     i64 key, const i64 *lines, u32 threshold, float scale, int threads) {
    blocks(batch * heads * time, threads, [&](i64, i64 first, i64 last) {
        std::vector<float> s(time);
        for (i64 r = first; r < last; ++r) {
            i64 row = r / (heads * time), head = (r / time) % heads, place = r % time;
            i64 n = lengths ? lengths[row] : time;
            T *at = scores + r * time;
            float most = largest(n, [&](i64 c) { return load(at[c]); });
            for (i64 c = 0; c < n; ++c) s[c] = exponential(load(at[c]) - most);
            float q = 1.0f / total(n, [&](i64 c) { return s[c]; });
            for (i64 c = 0; c < n; ++c) store(at[c], s[c] * q);
            for (i64 c = n; c < time; ++c) store(at[c], 0.0f);
            if (threshold) {
                Line line(key + head, lines[row * time + place], threshold, scale);
                T *to = dropped + r * time;
                for (i64 c = 0; c < n; ++c) store(to[c], s[c] * q * line(u32(c)));
                for (i64 c = n; c < time; ++c) store(to[c], 0.0f);
            }
        }
    });
}

// gradient (of the values after dropout) -> gradient of the scores, in place.
template <class T>
void softmax_backward(T *gradient, const T *values, i64 batch, i64 heads, i64 time, i64 key,
                      const i64 *lines, u32 threshold, float scale, int threads) {
    blocks(batch * heads * time, threads, [&](i64, i64 first, i64 last) {
        std::vector<float> d(time);
        for (i64 r = first; r < last; ++r) {
            i64 row = r / (heads * time), head = (r / time) % heads, place = r % time;
            T *g = gradient + r * time;
            const T *p = values + r * time;
            if (threshold) {
                Line line(key + head, lines[row * time + place], threshold, scale);
                for (i64 c = 0; c < time; ++c) d[c] = load(g[c]) * line(u32(c));
            } else {
                for (i64 c = 0; c < time; ++c) d[c] = load(g[c]);
            }
            float inner = total(time, [&](i64 c) { return d[c] * load(p[c]); });
            for (i64 c = 0; c < time; ++c) store(g[c], load(p[c]) * (d[c] - inner));
        }
    });
}

// Cross-entropy of each row; logits + bias become softmax - one-hot in place, their sum to to_bias.
template <class T>
void cross_entropy(T *logits, const float *bias, const i64 *targets, float *losses, float *to_bias,
                   i64 rows, i64 width, int threads) {
    if (!rows) return;  // a micro-batch in which nothing is masked
    i64 count = rows < 16 ? rows : 16, part = (rows + count - 1) / count;
    std::vector<float> partial(count * width, 0.0f);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (i64 b = 0; b < count; ++b) {
        float *sums = &partial[b * width];
        std::vector<float> s(width);
        i64 last = (b + 1) * part < rows ? (b + 1) * part : rows;
        for (i64 r = b * part; r < last; ++r) {
            T *at = logits + r * width;
            for (i64 c = 0; c < width; ++c) s[c] = load(at[c]) + bias[c];
            float most = largest(width, [&](i64 c) { return s[c]; }), mine = s[targets[r]];
            for (i64 c = 0; c < width; ++c) s[c] = exponential(s[c] - most);
            float sum = total(width, [&](i64 c) { return s[c]; }), q = 1.0f / sum;
            losses[r] = std::log(sum) + most - mine;
            s[targets[r]] -= sum;
            for (i64 c = 0; c < width; ++c) {
                float d = s[c] * q;
                store(at[c], d);
                sums[c] += d;
            }
        }
    }
    gather(partial, count, width, to_bias);
}

}  // namespace

#define EACH(NAME, PARAMETERS, ARGUMENTS)                       \
    extern "C" void NAME##_f32 PARAMETERS(float) { NAME ARGUMENTS; } \
    extern "C" void NAME##_bf16 PARAMETERS(bf16) { NAME ARGUMENTS; }

#define P(T) (const T *x, const T *y, const float *bias, const float *gain, const float *shift, float epsilon, T *sum, T *out, float *mean, float *rstd, i64 rows, i64 width, i64 key, const i64 *lines, u32 threshold, float scale, int threads)
EACH(norm_forward, P, (x, y, bias, gain, shift, epsilon, sum, out, mean, rstd, rows, width, key, lines, threshold, scale, threads))
#undef P
#define P(T) (const T *gradient, const T *sum, const float *mean, const float *rstd, const float *gain, T *to_x, T *to_y, float *to_bias, float *to_gain, float *to_shift, i64 rows, i64 width, i64 key, const i64 *lines, u32 threshold, float scale, int threads)
EACH(norm_backward, P, (gradient, sum, mean, rstd, gain, to_x, to_y, to_bias, to_gain, to_shift, rows, width, key, lines, threshold, scale, threads))
#undef P
#define P(T) (const i64 *ids, const float *pieces, const float *positions, const float *gain, const float *shift, float epsilon, T *out, float *mean, float *rstd, i64 rows, i64 time, i64 width, i64 key, const i64 *lines, u32 threshold, float scale, int threads)
EACH(embed_forward, P, (ids, pieces, positions, gain, shift, epsilon, out, mean, rstd, rows, time, width, key, lines, threshold, scale, threads))
#undef P
#define P(T) (const T *gradient, const i64 *ids, const float *pieces, const float *positions, const float *mean, const float *rstd, const float *gain, float *to_pieces, float *to_positions, float *to_gain, float *to_shift, i64 rows, i64 time, i64 width, i64 key, const i64 *lines, u32 threshold, float scale, int threads)
EACH(embed_backward, P, (gradient, ids, pieces, positions, mean, rstd, gain, to_pieces, to_positions, to_gain, to_shift, rows, time, width, key, lines, threshold, scale, threads))
#undef P
#define P(T) (T *u, const float *bias, T *out, i64 rows, i64 width, int threads)
EACH(gelu_forward, P, (u, bias, out, rows, width, threads))
#undef P
#define P(T) (T *gradient, const T *u, float *to_bias, i64 rows, i64 width, int threads)
EACH(gelu_backward, P, (gradient, u, to_bias, rows, width, threads))
#undef P
#define P(T) (const T *qkv, const float *bias, float scale, T *q, T *k, T *v, i64 batch, i64 time, i64 heads, i64 size, int threads)
EACH(split, P, (qkv, bias, scale, q, k, v, batch, time, heads, size, threads))
#undef P
#define P(T) (const T *q, const T *k, const T *v, float scale, T *qkv, float *to_bias, i64 batch, i64 time, i64 heads, i64 size, int threads)
EACH(join, P, (q, k, v, scale, qkv, to_bias, batch, time, heads, size, threads))
#undef P
#define P(T) (const T *from, T *to, i64 batch, i64 time, i64 heads, i64 size, int back, int threads)
EACH(swap_heads, P, (from, to, batch, time, heads, size, back, threads))
#undef P
#define P(T) (T *scores, T *dropped, const i64 *lengths, i64 batch, i64 heads, i64 time, i64 key, const i64 *lines, u32 threshold, float scale, int threads)
EACH(softmax_forward, P, (scores, dropped, lengths, batch, heads, time, key, lines, threshold, scale, threads))
#undef P
#define P(T) (T *gradient, const T *values, i64 batch, i64 heads, i64 time, i64 key, const i64 *lines, u32 threshold, float scale, int threads)
EACH(softmax_backward, P, (gradient, values, batch, heads, time, key, lines, threshold, scale, threads))
#undef P
#define P(T) (T *logits, const float *bias, const i64 *targets, float *losses, float *to_bias, i64 rows, i64 width, int threads)
EACH(cross_entropy, P, (logits, bias, targets, losses, to_bias, rows, width, threads))
#undef P

// total += part, where part is bf16.
extern "C" void accumulate(float *total, const bf16 *part, i64 n, float scale, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (i64 b = 0; b < (n + 65535) / 65536; ++b) {
        i64 last = (b + 1) * 65536 < n ? (b + 1) * 65536 : n;
        for (i64 i = b * 65536; i < last; ++i) total[i] += load(part[i]) * scale;
    }
}

// Sum of squares, fp64 over blocks of fp32 sums.
extern "C" double squares(const float *x, i64 n, int threads) {
    i64 count = (n + 65535) / 65536;
    std::vector<double> partial(count);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (i64 b = 0; b < count; ++b) {
        const float *at = x + b * 65536;
        i64 size = n - b * 65536 < 65536 ? n - b * 65536 : 65536;
        partial[b] = total(size, [&](i64 i) { return at[i] * at[i]; });
    }
    double found = 0;
    for (double part : partial) found += part;
    return found;
}

// One step of AdamW on gradient * scale; clears the gradient and writes bf16 copies where asked.
extern "C" void adamw(float *weights, float *gradient, float *first, float *second, bf16 *low,
                      i64 n, float scale, float rate, float beta1, float beta2, float epsilon,
                      float decay, float correction1, float correction2, int threads) {
    float size = rate / correction1, root = 1.0f / std::sqrt(correction2);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
    for (i64 b = 0; b < (n + 16383) / 16384; ++b) {
        i64 last = (b + 1) * 16384 < n ? (b + 1) * 16384 : n;
        for (i64 i = b * 16384; i < last; ++i) {
            float g = gradient[i] * scale;
            float m = first[i] = beta1 * first[i] + (1 - beta1) * g;
            float v = second[i] = beta2 * second[i] + (1 - beta2) * g * g;
            float w = weights[i] * (1 - rate * decay);
            weights[i] = w - size * m / (std::sqrt(v) * root + epsilon);
            gradient[i] = 0;
        }
        if (low)
            for (i64 i = b * 16384; i < last; ++i) store(low[i], weights[i]);
    }
}
