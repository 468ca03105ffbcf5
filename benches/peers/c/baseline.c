/* The workloads in plain C: loops over arrays whose sizes are constants where a function is
 * inlined, W input-major, so that the innermost loop runs over neighbouring numbers and gcc
 * vectorises it; exp and tanh are those of glibc's libmvec, for which their loops may not be unrolled
 * before they are vectorised. Memory is the caller's. */

#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* One layer. y and dy have a row for each sample. */
struct layer {
    float *restrict w, *restrict b, *restrict y, *restrict dy;
    float *restrict dw, *restrict db;
    float *restrict mw, *restrict mb, *restrict vw, *restrict vb; /* the moments of Adam */
};

enum function { RELU, TANH, NONE };

INLINE void forward(const struct layer *l, const float *restrict x, int batch, int in, int out,
                    enum function f)
{
    const float *restrict w = l->w, *restrict b = l->b;
    for (int i = 0; i < batch; i++) {
        float s[out];
        for (int o = 0; o < out; o++)
            s[o] = b[o];
        for (int k = 0; k < in; k++)
            for (int o = 0; o < out; o++)
                s[o] += x[i * in + k] * w[k * out + o];
        float *restrict y = l->y + i * out;
#pragma GCC unroll 1
        for (int o = 0; o < out; o++)
            y[o] = f == RELU ? (s[o] > 0 ? s[o] : 0) : f == TANH ? tanhf(s[o]) : s[o];
    }
}

/* From l->dy to the gradients, and to dx, unless that is null, through the activation f whose
 * output is x. */
INLINE void backward(const struct layer *l, const float *restrict x, float *restrict dx, int batch,
                     int in, int out, enum function f)
{
    float *restrict dw = l->dw, *restrict db = l->db;
    const float *restrict w = l->w;
    memset(dw, 0, sizeof(float) * in * out);
    memset(db, 0, sizeof(float) * out);
    for (int i = 0; i < batch; i++) {
        const float *restrict dy = l->dy + i * out;
        for (int o = 0; o < out; o++)
            db[o] += dy[o];
        for (int k = 0; k < in; k++)
            for (int o = 0; o < out; o++)
                dw[k * out + o] += x[i * in + k] * dy[o];
        if (!dx)
            continue;
        for (int k = 0; k < in; k++) {
            float sum = 0, h = x[i * in + k];
            for (int o = 0; o < out; o++)
                sum += w[k * out + o] * dy[o];
            dx[i * in + k] = f == RELU ? (h > 0 ? sum : 0) : sum * (1 - h * h);
        }
    }
}

INLINE float cross_entropy(const struct layer *l, const float *target, int batch, int out)
{
    float loss = 0;
    for (int i = 0; i < batch; i++) {
        const float *restrict y = l->y + i * out;
        float *restrict dy = l->dy + i * out;
        int class = (int)target[i];
        float largest = y[0], total = 0;
        for (int o = 1; o < out; o++)
            largest = y[o] > largest ? y[o] : largest;
#pragma GCC unroll 1
        for (int o = 0; o < out; o++)
            total += dy[o] = expf(y[o] - largest);
        loss += logf(total) + largest - y[class];
        for (int o = 0; o < out; o++)
            dy[o] /= total * batch;
        dy[class] -= 1.0f / batch;
    }
    return loss / batch;
}

INLINE float mean_squared_error(const struct layer *l, const float *restrict target, int batch,
                                int out)
{
    float sum = 0, share = 1.0f / (batch * out);
    for (int i = 0; i < batch * out; i++) {
        float error = l->y[i] - target[i];
        sum += error * error;
        l->dy[i] = 2 * share * error;
    }
    return sum * share;
}

INLINE void sgd(float *restrict w, const float *restrict g, int n, float lr)
{
    for (int i = 0; i < n; i++)
        w[i] -= lr * g[i];
}

INLINE void adam(float *restrict w, const float *restrict g, float *restrict m, float *restrict v,
                 int n, float lr, int steps)
{
    float step = lr / (1 - powf(0.9f, steps)), unbias = 1 / sqrtf(1 - powf(0.999f, steps));
    for (int i = 0; i < n; i++) {
        m[i] = 0.9f * m[i] + (1 - 0.9f) * g[i];
        v[i] = 0.999f * v[i] + (1 - 0.999f) * g[i] * g[i];
        w[i] -= step * m[i] / (sqrtf(v[i]) * unbias + 1e-8f);
    }
}

/* By Adam, whose first step is 1; by SGD if `steps` is 0. */
INLINE void update(const struct layer *l, int in, int out, float lr, int steps)
{
    if (steps == 0) {
        sgd(l->w, l->dw, in * out, lr);
        sgd(l->b, l->db, out, lr);
    } else {
        adam(l->w, l->dw, l->mw, l->vw, in * out, lr, steps);
        adam(l->b, l->db, l->mb, l->vb, out, lr, steps);
    }
}

INLINE void predict2(const struct layer *l, const float *x, int batch, int n0, int n1, int n2,
                     enum function f)
{
    forward(&l[0], x, batch, n0, n1, f);
    forward(&l[1], l[0].y, batch, n1, n2, NONE);
}

INLINE void predict3(const struct layer *l, const float *x, int batch, int n0, int n1, int n2,
                     int n3, enum function f)
{
    forward(&l[0], x, batch, n0, n1, f);
    forward(&l[1], l[0].y, batch, n1, n2, f);
    forward(&l[2], l[1].y, batch, n2, n3, NONE);
}

#define STEP2(name, batch, n0, n1, n2, f, loss)                                                   \
    float name(const struct layer *l, const float *x, const float *target, float lr, int steps)   \
    {                                                                                             \
        predict2(l, x, batch, n0, n1, n2, f);                                                     \
        float value = loss(&l[1], target, batch, n2);                                             \
        backward(&l[1], l[0].y, l[0].dy, batch, n1, n2, f);                                       \
        backward(&l[0], x, 0, batch, n0, n1, f);                                                  \
        update(&l[0], n0, n1, lr, steps);                                                         \
        update(&l[1], n1, n2, lr, steps);                                                         \
        return value;                                                                             \
    }

#define STEP3(name, batch, n0, n1, n2, n3, f, loss)                                               \
    float name(const struct layer *l, const float *x, const float *target, float lr, int steps)   \
    {                                                                                             \
        predict3(l, x, batch, n0, n1, n2, n3, f);                                                 \
        float value = loss(&l[2], target, batch, n3);                                             \
        backward(&l[2], l[1].y, l[1].dy, batch, n2, n3, f);                                       \
        backward(&l[1], l[0].y, l[0].dy, batch, n1, n2, f);                                       \
        backward(&l[0], x, 0, batch, n0, n1, f);                                                  \
        update(&l[0], n0, n1, lr, steps);                                                         \
        update(&l[1], n1, n2, lr, steps);                                                         \
        update(&l[2], n2, n3, lr, steps);                                                         \
        return value;                                                                             \
    }

void c_i1(const struct layer *l, const float *x) { predict3(l, x, 1, 4, 16, 16, 2, TANH); }
void c_i2(const struct layer *l, const float *x) { predict3(l, x, 1, 16, 64, 64, 10, RELU); }
void c_i3(const struct layer *l, const float *x) { predict2(l, x, 1, 64, 32, 10, RELU); }
void c_i4(const struct layer *l, const float *x) { predict3(l, x, 1, 784, 128, 64, 10, RELU); }
void c_i5(const struct layer *l, const float *x) { predict3(l, x, 1, 64, 64, 64, 4, TANH); }
void c_ii64(const struct layer *l, const float *x) { predict3(l, x, 64, 784, 128, 64, 10, RELU); }
void c_ii256(const struct layer *l, const float *x)
{
    predict3(l, x, 256, 784, 128, 64, 10, RELU);
}

STEP2(c_t1, 32, 64, 32, 10, RELU, cross_entropy)
STEP3(c_t2_32, 32, 784, 128, 64, 10, RELU, cross_entropy)
STEP3(c_t2_128, 128, 784, 128, 64, 10, RELU, cross_entropy)
STEP2(c_t3, 4, 2, 16, 1, TANH, mean_squared_error)
STEP3(c_t4, 256, 17, 256, 256, 6, RELU, mean_squared_error)

void c_exp(const float *restrict x, float *restrict y, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = expf(x[i]);
}

void c_tanh(const float *restrict x, float *restrict y, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = tanhf(x[i]);
}

/* In place, for networks whose products are another library's. */
void c_exp_here(float *y, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = expf(y[i]);
}

void c_tanh_here(float *y, int n)
{
    for (int i = 0; i < n; i++)
        y[i] = tanhf(y[i]);
}
