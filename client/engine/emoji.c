#include "engine/emoji.h"

static const struct emoji emojis[EMOJI_COUNT] = {
    {"🐢", "turtle"},       {"🔑", "key"},       {"🐝", "bee"},         {"🍋", "lemon"},
    {"🚲", "bicycle"},      {"🎸", "guitar"},    {"🌵", "cactus"},      {"🐘", "elephant"},
    {"⚓", "anchor"},       {"🍄", "mushroom"},  {"🚀", "rocket"},      {"🐙", "octopus"},
    {"🎈", "balloon"},      {"🦉", "owl"},    {"🍕", "pizza"},       {"⛵", "sailboat"},
    {"🐧", "penguin"},      {"🔔", "bell"},      {"🌙", "moon"},        {"🦊", "fox"},
    {"🍉", "melon"},        {"🚂", "train"},     {"🐸", "frog"},        {"🎩", "hat"},
    {"🌻", "sunflower"},    {"🐬", "dolphin"},   {"🧲", "magnet"},   {"🍒", "cherry"},
    {"🚁", "helicopter"},   {"🦀", "crab"},   {"🔨", "hammer"},      {"🏰", "castle"},
    {"🦋", "butterfly"}, {"🥕", "carrot"}, {"🚜", "tractor"},     {"🐫", "camel"},
    {"🎲", "dice"},         {"🌈", "rainbow"},   {"🦁", "lion"},     {"🍩", "doughnut"},
    {"🧭", "compass"},   {"🐌", "snail"},     {"🎻", "violin"},      {"🌋", "volcano"},
    {"🦆", "duck"},      {"🍍", "pineapple"}, {"🕰", "clock"},    {"🐳", "whale"},
    {"🪁", "kite"},      {"🌲", "tree"},      {"🦓", "zebra"},    {"🥨", "pretzel"},
    {"🚦", "signal"},       {"🐇", "rabbit"},    {"🥁", "drum"},     {"⛺", "tent"},
    {"🦩", "flamingo"},  {"🌶", "chili"},  {"🔦", "torch"},       {"🐓", "rooster"},
    {"🧦", "sock"},      {"🗿", "statue"},    {"🦔", "hedgehog"}, {"🥥", "coconut"},
};

const struct emoji *emoji_at(unsigned index)
{
    return &emojis[index % EMOJI_COUNT];
}
