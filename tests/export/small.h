/* small: 2 -> 2 -> 1, 9 parameters of float. Written by constgrad.
 *
 * layer 1: 2 x 2 weights, 2 biases, Relu
 * layer 2: 1 x 2 weights, 1 biases, Identity
 *
 * small_predict reads x and writes y, which may not overlap. It has no state.
 */
#ifndef SMALL_H
#define SMALL_H

#define SMALL_INPUTS 2
#define SMALL_HIDDEN_1 2
#define SMALL_OUTPUTS 1
#define SMALL_BUFFER_A 2

static const float small_w1[SMALL_HIDDEN_1][SMALL_INPUTS] = {
    {1.0f, 2.0f},
    {3.0f, 4.0f},
};

static const float small_b1[SMALL_HIDDEN_1] = {0.0f, 0.5f};

static const float small_w2[SMALL_OUTPUTS][SMALL_HIDDEN_1] = {
    {1.0f, -1.0f},
};

static const float small_b2[SMALL_OUTPUTS] = {0.25f};

static inline float small_max(float a, float b)
{
    return a < b ? b : a;
}

static inline void small_predict(const float x[SMALL_INPUTS], float y[SMALL_OUTPUTS])
{
    float a[SMALL_BUFFER_A];

    /* layer 1 */
    for (int o = 0; o < SMALL_HIDDEN_1; o++) {
        float s = small_b1[o];
        for (int i = 0; i < SMALL_INPUTS; i++) {
            s += small_w1[o][i] * x[i];
        }
        a[o] = small_max(s, 0.0f);
    }

    /* layer 2 */
    for (int o = 0; o < SMALL_OUTPUTS; o++) {
        float s = small_b2[o];
        for (int i = 0; i < SMALL_HIDDEN_1; i++) {
            s += small_w2[o][i] * a[i];
        }
        y[o] = s;
    }
}

#endif /* SMALL_H */
