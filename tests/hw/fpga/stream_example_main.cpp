// Classifies images through the ports of the exported stream core's example.
//
//   model IMAGES PIXELS < bytes of the images
//
// Prints label, template, margin and accepted of each image; Verilator renames what is a word of C++.
// Ends with 1 when an answer does not come.

#include <cstdio>
#include <cstdlib>

#include "Vmodel.h"
#include "verilated.h"

static Vmodel* model;

static void cycle() {
    model->clk = 0;
    model->eval();
    model->clk = 1;
    model->eval();
}

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const int images = std::atoi(argv[1]), pixels = std::atoi(argv[2]);
    model = new Vmodel;
    model->rst = 1;
    model->write_enable = 0;
    model->start = 0;
    for (int i = 0; i < 4; ++i) cycle();
    model->rst = 0;
    for (int image = 0; image < images; ++image) {
        model->write_enable = 1;
        for (int i = 0; i < pixels; ++i) {
            model->write_address = i;
            model->write_pixel = std::getchar();
            cycle();
        }
        model->write_enable = 0;
        model->start = 1;
        cycle();
        model->start = 0;
        int patience = 100000;
        while (!model->done && --patience) cycle();
        if (!patience) return 1;
        std::printf("%d %d %d %d\n", int(model->label), int(model->__SYM__template), int(model->margin), int(model->accepted));
    }
    return 0;
}
