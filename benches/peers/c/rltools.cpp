// The workloads by RLtools, whose networks are types. Compiled twice: with MKL for those that are
// quicker so, and with loops of its own; the namespace rl_tools is then called otherwise, so that
// both fit into one program.

// In this order: each header calls functions of those before it.
#include <rl_tools/operations/cpu_mux.h>

#include <rl_tools/nn/optimizers/adam/instance/operations_generic.h>

#include <rl_tools/nn/operations_cpu_mux.h>

#include <rl_tools/nn_models/sequential/operations_generic.h>

#include <rl_tools/nn/optimizers/adam/operations_generic.h>

#include <rl_tools/nn/loss_functions/categorical_cross_entropy/operations_generic.h>
#include <rl_tools/nn/loss_functions/mse/operations_generic.h>

#include <algorithm>
#include <utility>

#ifdef RL_TOOLS_BACKEND_ENABLE_MKL
#include <dlfcn.h>

// Whether MKL is there, in one thread and with integers of 32 bits.
extern "C" bool rltools_mkl_load(void)
{
    void *library = dlopen(MKL, RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        return false;
    using Set = int (*)(int);
    auto set_interface = reinterpret_cast<Set>(dlsym(library, "MKL_Set_Interface_Layer"));
    auto set_threading = reinterpret_cast<Set>(dlsym(library, "MKL_Set_Threading_Layer"));
    cblas_sgemm = reinterpret_cast<decltype(cblas_sgemm)>(dlsym(library, "cblas_sgemm"));
    if (!set_interface || !set_threading || !cblas_sgemm)
        return false;
    set_interface(0);
    set_threading(1);
    return true;
}
#endif

namespace {

namespace rl = rl_tools;
namespace dense = rl::nn::layers::dense;
namespace losses = rl::nn::loss_functions;
using namespace rl::nn_models::sequential;
using rl::nn::activation_functions::ActivationFunction;

using Device = rl::devices::DEVICE_FACTORY<>;
using Random = Device::SPEC::RANDOM::ENGINE<>;
using TI = Device::index_t;
using Numbers = rl::numeric_types::Policy<float>;

constexpr auto RELU = ActivationFunction::RELU;
constexpr auto TANH = ActivationFunction::TANH;

// Whether memory is allocated, or within the objects.
constexpr bool ALLOCATED = true, WITHIN = false;

template <TI... sizes> using Shape = rl::tensor::Shape<TI, sizes...>;
template <bool memory, typename T, TI... sizes>
using Tensor = rl::Tensor<rl::tensor::Specification<T, TI, Shape<sizes...>, memory>>;

template <TI out, ActivationFunction f>
using Dense = dense::BindConfiguration<dense::Configuration<Numbers, TI, out, f>>;

// The layers from here on; the last one has no activation.
template <ActivationFunction f, TI out, TI... rest> struct Layers {
    using Type = Module<Dense<out, f>, typename Layers<f, rest...>::Type>;
};
template <ActivationFunction f, TI out> struct Layers<f, out> {
    using Type = Module<Dense<out, ActivationFunction::IDENTITY>>;
};

// What Rust knows of a network. A prediction gives nothing back, a step its loss.
struct Network {
    void (*reset)(const float *const *parameters);
    float (*once)(void);
    void (*read)(float *const *parameters);
    const float *y;
};

template <typename Layer> void write(Layer &layer, const float *w, const float *b)
{
    std::copy(w, w + Layer::INPUT_DIM * Layer::OUTPUT_DIM, rl::data(layer.weights.parameters));
    std::copy(b, b + Layer::OUTPUT_DIM, rl::data(layer.biases.parameters));
}

template <typename Layer> void read(const Layer &layer, float *w, float *b)
{
    const float *from = rl::data(layer.weights.parameters);
    std::copy(from, from + Layer::INPUT_DIM * Layer::OUTPUT_DIM, w);
    from = rl::data(layer.biases.parameters);
    std::copy(from, from + Layer::OUTPUT_DIM, b);
}

// parameters: W by rows, and b, of each layer.
template <typename Model, std::size_t... layer>
void write_all(Model &model, const float *const *parameters, std::index_sequence<layer...>)
{
    (write(rl::get_layer<layer>(model), parameters[2 * layer], parameters[2 * layer + 1]), ...);
}

template <typename Model, std::size_t... layer>
void read_all(const Model &model, float *const *parameters, std::index_sequence<layer...>)
{
    (read(rl::get_layer<layer>(model), parameters[2 * layer], parameters[2 * layer + 1]), ...);
}

// Each layer's output is a variable of its own, and not one of the two parts of a buffer that take
// turns: the compiler sees that it does not overlap with the input, without which it vectorises no
// product.
template <ActivationFunction f, TI batch, TI in, TI... sizes> struct Predict {
    static constexpr TI SIZES[] = {sizes...}, LAST = sizeof...(sizes) - 1;
    using Model = Build<rl::nn::capability::Forward<WITHIN>, typename Layers<f, sizes...>::Type,
                        Shape<1, batch, in>>;
    using Indices = std::make_index_sequence<sizeof...(sizes)>;

    static inline Device device;
    static inline Random random;
    static inline Model model;
    static inline dense::Buffer buffer;
    static inline Tensor<WITHIN, float, 1, batch, in> x;
    template <TI layer> static inline Tensor<WITHIN, float, 1, batch, SIZES[layer]> y;

    static Network network(const float *x, const float *)
    {
        std::copy(x, x + batch * in, rl::data(Predict::x));
        return {reset, once, nullptr, rl::data(y<LAST>)};
    }

    static void reset(const float *const *parameters)
    {
        write_all(model, parameters, Indices());
    }

    template <TI layer, typename X> static void layers_from(const X &x)
    {
        rl::evaluate(device, rl::get_layer<layer>(model), x, y<layer>, buffer, random);
        if constexpr (layer < LAST)
            layers_from<layer + 1>(y<layer>);
    }

    static float once()
    {
        layers_from<0>(x);
        return 0;
    }
};

// RLtools has no descent without moments: a rate, and loops over each tensor.
struct Sgd {
    float rate;
};

struct BySgd {
    using Parameters = rl::nn::parameters::Gradient;
    static inline Sgd optimizer = {1e-3f};

    template <typename Model> static void reset(Device &, Model &) {}
    template <typename Model> static void step(Device &device, Model &model)
    {
        rl::update(device, model, optimizer);
    }
};

template <typename SPEC>
void update(Device &, rl::nn::parameters::Gradient::Instance<SPEC> &parameter, Sgd &sgd)
{
    float *w = rl::data(parameter.parameters);
    const float *g = rl::data(parameter.gradient);
    for (TI i = 0; i < decltype(parameter.parameters)::SPEC::SIZE; i++)
        w[i] -= sgd.rate * g[i];
}

struct ByAdam {
    using Parameters = rl::nn::parameters::Adam;
    // As in PyTorch, but for the least of what a root is taken from.
    struct Defaults : rl::nn::optimizers::adam::DEFAULT_PARAMETERS_PYTORCH<Numbers> {
        static constexpr float ALPHA = 1e-4f;
        static constexpr float EPSILON_SQRT = 0;
    };
    static inline rl::nn::optimizers::Adam<
        rl::nn::optimizers::adam::Specification<Numbers, TI, Defaults, WITHIN>>
        optimizer;

    template <typename Model> static void reset(Device &device, Model &model)
    {
        rl::reset_optimizer_state(device, optimizer, model);
    }
    template <typename Model> static void step(Device &device, Model &model)
    {
        rl::step(device, optimizer, model);
    }
};

struct CrossEntropy {
    using Target = TI;
    static constexpr TI targets(TI) { return 1; }

    template <typename Y, typename T, typename D>
    static float loss(Device &device, Y &y, T &target, D &dy)
    {
        auto by_rows = rl::matrix_view(device, y);
        auto classes = rl::matrix_view(device, target);
        auto gradient = rl::matrix_view(device, dy);
        losses::categorical_cross_entropy::gradient(device, by_rows, classes, gradient);
        return losses::categorical_cross_entropy::evaluate(device, by_rows, classes);
    }
};

struct MeanSquaredError {
    using Target = float;
    static constexpr TI targets(TI out) { return out; }

    template <typename Y, typename T, typename D>
    static float loss(Device &device, Y &y, T &target, D &dy)
    {
        losses::mse::gradient(device, y, target, dy);
        return losses::mse::evaluate(device, y, target);
    }
};

template <typename Loss, typename Optimizer, bool memory, ActivationFunction f, TI batch, TI in,
          TI... sizes>
struct Train {
    static constexpr TI out = (sizes, ...);
    using Model = Build<rl::nn::capability::Gradient<typename Optimizer::Parameters, memory>,
                        typename Layers<f, sizes...>::Type, Shape<1, batch, in>>;
    using Indices = std::make_index_sequence<sizeof...(sizes)>;

    static inline Device device;
    static inline Random random;
    static inline Model model;
    static inline typename Model::template Buffer<memory> buffer;
    static inline Tensor<memory, float, 1, batch, in> x;
    static inline Tensor<memory, float, 1, batch, out> dy;
    static inline Tensor<memory, typename Loss::Target, 1, batch, Loss::targets(out)> target;

    // Once: nobody frees it.
    static bool allocate()
    {
        rl::malloc(device, model);
        rl::malloc(device, buffer);
        rl::malloc(device, x);
        rl::malloc(device, dy);
        rl::malloc(device, target);
        return true;
    }

    static Network network(const float *x, const float *target)
    {
        static const bool allocated = allocate();
        std::copy(x, x + batch * in, rl::data(Train::x));
        std::copy(target, target + batch * Loss::targets(out), rl::data(Train::target));
        return {reset, once, read, nullptr};
    }

    static void reset(const float *const *parameters)
    {
        write_all(model, parameters, Indices());
        Optimizer::reset(device, model);
    }

    static float once()
    {
        rl::zero_gradient(device, model);
        rl::forward(device, model, x, buffer, random);
        auto y = rl::output(device, model);
        float loss = Loss::loss(device, y, target, dy);
        rl::backward(device, model, x, dy, buffer);
        Optimizer::step(device, model);
        return loss;
    }

    static void read(float *const *parameters) { read_all(model, parameters, Indices()); }
};

} // namespace

#define NETWORK(name, ...)                                                                        \
    extern "C" Network name(const float *x, const float *target)                                  \
    {                                                                                             \
        return __VA_ARGS__::network(x, target);                                                   \
    }

// Which backend and which memory was chosen by time.
#ifdef RL_TOOLS_BACKEND_ENABLE_MKL
NETWORK(rltools_i5, Predict<TANH, 1, 64, 64, 64, 4>)
NETWORK(rltools_ii64, Predict<RELU, 64, 784, 128, 64, 10>)
NETWORK(rltools_ii256, Predict<RELU, 256, 784, 128, 64, 10>)
NETWORK(rltools_t1, Train<CrossEntropy, BySgd, WITHIN, RELU, 32, 64, 32, 10>)
NETWORK(rltools_t2_32, Train<CrossEntropy, ByAdam, WITHIN, RELU, 32, 784, 128, 64, 10>)
NETWORK(rltools_t2_128, Train<CrossEntropy, ByAdam, WITHIN, RELU, 128, 784, 128, 64, 10>)
NETWORK(rltools_t4, Train<MeanSquaredError, ByAdam, WITHIN, RELU, 256, 17, 256, 256, 6>)
#else
NETWORK(rltools_i1, Predict<TANH, 1, 4, 16, 16, 2>)
NETWORK(rltools_i2, Predict<RELU, 1, 16, 64, 64, 10>)
NETWORK(rltools_i3, Predict<RELU, 1, 64, 32, 10>)
NETWORK(rltools_i4, Predict<RELU, 1, 784, 128, 64, 10>)
NETWORK(rltools_t3, Train<MeanSquaredError, BySgd, ALLOCATED, TANH, 4, 2, 16, 1>)
#endif
