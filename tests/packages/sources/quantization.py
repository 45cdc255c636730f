"""Module 15: int8 weights. The int8 values are kept in a float32 Tensor."""

import numpy as np
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor

ERA = 5


def quantize_int8(tensor):
    low, high = float(tensor.data.min()), float(tensor.data.max())
    scale = (high - low) / 255 or 1.0
    zero_point = round(-128 - low / scale)
    values = np.clip(np.round(tensor.data / scale) + zero_point, -128, 127)
    return Tensor(values), scale, zero_point


def dequantize_int8(quantized, scale, zero_point):
    return Tensor((quantized.data - zero_point) * scale)


class QuantizedLinear:
    def __init__(self, linear_layer):
        self.original_layer = linear_layer
        self.q_weight, self.weight_scale, self.weight_zero_point = quantize_int8(
            linear_layer.weight
        )
        self.bias = linear_layer.bias

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        weight = dequantize_int8(self.q_weight, self.weight_scale, self.weight_zero_point)
        y = x.matmul(weight)
        return y if self.bias is None else y + self.bias

    def parameters(self):
        return [self.q_weight] if self.bias is None else [self.q_weight, self.bias]

    def memory_usage(self):
        bias_bytes = 0 if self.bias is None else self.bias.data.nbytes
        original = 4 * self.q_weight.data.size + bias_bytes
        quantized = self.q_weight.data.size + bias_bytes
        return {
            "original_bytes": original,
            "quantized_bytes": quantized,
            "compression_ratio": original / quantized,
        }


def quantize_model(model, calibration_data=None):
    if ERA == 2:
        return {
            index: quantize_int8(layer.weight)
            for index, layer in enumerate(model.layers)
            if isinstance(layer, Linear)
        }
    model.layers = [
        QuantizedLinear(layer) if isinstance(layer, Linear) else layer for layer in model.layers
    ]
    return None
