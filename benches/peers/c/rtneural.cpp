// The predictions of one sample by RTNeural, whose layers and sizes are types. Compiled once for
// each backend, with RTNEURAL_NAMESPACE apart, so that both fit into one program; NAME prefixes
// the functions.

#include <RTNeural/RTNeural.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace {

using namespace RTNEURAL_NAMESPACE;

template <int in, int hidden, int out, template <typename, int> class F>
using Two = ModelT<float, in, out, DenseT<float, in, hidden>, F<float, hidden>,
                   DenseT<float, hidden, out>>;

template <int in, int first, int second, int out, template <typename, int> class F>
using Three = ModelT<float, in, out, DenseT<float, in, first>, F<float, first>,
                     DenseT<float, first, second>, F<float, second>, DenseT<float, second, out>>;

template <typename T, int size> using Relu = ReLuActivationT<T, size>;
template <typename T, int size> using Tanh = TanhActivationT<T, size>;

// What Rust knows of a network.
struct Network {
    void *held;
    void (*predict)(void *held);
    void (*release)(void *held);
    const float *y;
};

// A model and its sample, which is read in whole vectors.
template <typename Model> struct Held {
    Model model;
    alignas(64) float x[(Model::input_size + 15) / 16 * 16] = {};
};

template <typename Layer> void set(Layer &layer, const float *w, const float *b)
{
    std::vector<std::vector<float>> rows;
    for (int out = 0; out < Layer::out_size; out++)
        rows.emplace_back(w + out * Layer::in_size, w + (out + 1) * Layer::in_size);
    layer.setWeights(rows);
    layer.setBias(b);
}

// parameters: W by rows, and b, of each layer.
template <typename Model, std::size_t... layer>
Network network(const float *const *parameters, const float *x, std::index_sequence<layer...>)
{
    auto *held = new Held<Model>;
    // An activation is between two dense layers.
    (set(held->model.template get<2 * layer>(), parameters[2 * layer], parameters[2 * layer + 1]),
     ...);
    std::copy(x, x + Model::input_size, held->x);
    auto predict = [](void *held) {
        auto *network = static_cast<Held<Model> *>(held);
        network->model.forward(network->x);
    };
    auto release = [](void *held) { delete static_cast<Held<Model> *>(held); };
    return {held, predict, release, held->model.getOutputs()};
}

} // namespace

#define JOIN(a, b) a##b
#define NAMED(prefix, name) JOIN(prefix, name)
#define NETWORK(name, layers, ...)                                                                \
    extern "C" Network NAMED(NAME, name)(const float *const *parameters, const float *x)          \
    {                                                                                             \
        return network<__VA_ARGS__>(parameters, x, std::make_index_sequence<layers>());           \
    }

NETWORK(_i1, 3, Three<4, 16, 16, 2, Tanh>)
NETWORK(_i2, 3, Three<16, 64, 64, 10, Relu>)
NETWORK(_i3, 2, Two<64, 32, 10, Relu>)
NETWORK(_i4, 3, Three<784, 128, 64, 10, Relu>)
NETWORK(_i5, 3, Three<64, 64, 64, 4, Tanh>)
