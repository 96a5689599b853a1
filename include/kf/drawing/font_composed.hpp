// SPDX-License-Identifier: MIT
#pragma once
/// Characters of the font that are made of others of drawing/font_strokes: letters with marks, small figures, other
/// names of one shape.

#include <algorithm>
#include <string_view>

namespace kf::drawing {

/// A base and its marks, each one above or below the last.
struct marked_row {
    char32_t code;
    std::u32string_view parts;
};

inline constexpr marked_row marked_rows[] = {
    {U'À', U"A\u0300"}, {U'Á', U"A\u0301"}, {U'Â', U"A\u0302"}, {U'Ã', U"A\u0303"}, {U'Ä', U"A\u0308"},
    {U'Å', U"A\u030A"}, {U'Ç', U"C\u0327"}, {U'È', U"E\u0300"}, {U'É', U"E\u0301"}, {U'Ê', U"E\u0302"},
    {U'Ë', U"E\u0308"}, {U'Ì', U"I\u0300"}, {U'Í', U"I\u0301"}, {U'Î', U"I\u0302"}, {U'Ï', U"I\u0308"},
    {U'Ñ', U"N\u0303"}, {U'Ò', U"O\u0300"}, {U'Ó', U"O\u0301"}, {U'Ô', U"O\u0302"}, {U'Õ', U"O\u0303"},
    {U'Ö', U"O\u0308"}, {U'Ù', U"U\u0300"}, {U'Ú', U"U\u0301"}, {U'Û', U"U\u0302"}, {U'Ü', U"U\u0308"},
    {U'Ý', U"Y\u0301"}, {U'à', U"a\u0300"}, {U'á', U"a\u0301"}, {U'â', U"a\u0302"}, {U'ã', U"a\u0303"},
    {U'ä', U"a\u0308"}, {U'å', U"a\u030A"}, {U'ç', U"c\u0327"}, {U'è', U"e\u0300"}, {U'é', U"e\u0301"},
    {U'ê', U"e\u0302"}, {U'ë', U"e\u0308"}, {U'ì', U"ı\u0300"}, {U'í', U"ı\u0301"}, {U'î', U"ı\u0302"},
    {U'ï', U"ı\u0308"}, {U'ñ', U"n\u0303"}, {U'ò', U"o\u0300"}, {U'ó', U"o\u0301"}, {U'ô', U"o\u0302"},
    {U'õ', U"o\u0303"}, {U'ö', U"o\u0308"}, {U'ù', U"u\u0300"}, {U'ú', U"u\u0301"}, {U'û', U"u\u0302"},
    {U'ü', U"u\u0308"}, {U'ý', U"y\u0301"}, {U'ÿ', U"y\u0308"}, {U'Ā', U"A\u0304"}, {U'ā', U"a\u0304"},
    {U'Ă', U"A\u0306"}, {U'ă', U"a\u0306"}, {U'Ą', U"A\u0328"}, {U'ą', U"a\u0328"}, {U'Ć', U"C\u0301"},
    {U'ć', U"c\u0301"}, {U'Ĉ', U"C\u0302"}, {U'ĉ', U"c\u0302"}, {U'Ċ', U"C\u0307"}, {U'ċ', U"c\u0307"},
    {U'Č', U"C\u030C"}, {U'č', U"c\u030C"}, {U'Ď', U"D\u030C"}, {U'Ē', U"E\u0304"}, {U'ē', U"e\u0304"},
    {U'Ĕ', U"E\u0306"}, {U'ĕ', U"e\u0306"}, {U'Ė', U"E\u0307"}, {U'ė', U"e\u0307"}, {U'Ę', U"E\u0328"},
    {U'ę', U"e\u0328"}, {U'Ě', U"E\u030C"}, {U'ě', U"e\u030C"}, {U'Ĝ', U"G\u0302"}, {U'ĝ', U"g\u0302"},
    {U'Ğ', U"G\u0306"}, {U'ğ', U"g\u0306"}, {U'Ġ', U"G\u0307"}, {U'ġ', U"g\u0307"}, {U'Ģ', U"G\u0326"},
    {U'ģ', U"g\u0301"}, {U'Ĥ', U"H\u0302"}, {U'ĥ', U"h\u0302"}, {U'Ĩ', U"I\u0303"}, {U'ĩ', U"ı\u0303"},
    {U'Ī', U"I\u0304"}, {U'ī', U"ı\u0304"}, {U'Ĭ', U"I\u0306"}, {U'ĭ', U"ı\u0306"}, {U'Į', U"I\u0328"},
    {U'į', U"i\u0328"}, {U'İ', U"I\u0307"}, {U'Ĵ', U"J\u0302"}, {U'ĵ', U"ȷ\u0302"}, {U'Ķ', U"K\u0326"},
    {U'ķ', U"k\u0326"}, {U'Ĺ', U"L\u0301"}, {U'ĺ', U"l\u0301"}, {U'Ļ', U"L\u0326"}, {U'ļ', U"l\u0326"},
    {U'Ń', U"N\u0301"}, {U'ń', U"n\u0301"}, {U'Ņ', U"N\u0326"}, {U'ņ', U"n\u0326"}, {U'Ň', U"N\u030C"},
    {U'ň', U"n\u030C"}, {U'Ō', U"O\u0304"}, {U'ō', U"o\u0304"}, {U'Ŏ', U"O\u0306"}, {U'ŏ', U"o\u0306"},
    {U'Ő', U"O\u030B"}, {U'ő', U"o\u030B"}, {U'Ŕ', U"R\u0301"}, {U'ŕ', U"r\u0301"}, {U'Ŗ', U"R\u0326"},
    {U'ŗ', U"r\u0326"}, {U'Ř', U"R\u030C"}, {U'ř', U"r\u030C"}, {U'Ś', U"S\u0301"}, {U'ś', U"s\u0301"},
    {U'Ŝ', U"S\u0302"}, {U'ŝ', U"s\u0302"}, {U'Ş', U"S\u0327"}, {U'ş', U"s\u0327"}, {U'Š', U"S\u030C"},
    {U'š', U"s\u030C"}, {U'Ţ', U"T\u0327"}, {U'ţ', U"t\u0327"}, {U'Ť', U"T\u030C"}, {U'Ũ', U"U\u0303"},
    {U'ũ', U"u\u0303"}, {U'Ū', U"U\u0304"}, {U'ū', U"u\u0304"}, {U'Ŭ', U"U\u0306"}, {U'ŭ', U"u\u0306"},
    {U'Ů', U"U\u030A"}, {U'ů', U"u\u030A"}, {U'Ű', U"U\u030B"}, {U'ű', U"u\u030B"}, {U'Ų', U"U\u0328"},
    {U'ų', U"u\u0328"}, {U'Ŵ', U"W\u0302"}, {U'ŵ', U"w\u0302"}, {U'Ŷ', U"Y\u0302"}, {U'ŷ', U"y\u0302"},
    {U'Ÿ', U"Y\u0308"}, {U'Ź', U"Z\u0301"}, {U'ź', U"z\u0301"}, {U'Ż', U"Z\u0307"}, {U'ż', U"z\u0307"},
    {U'Ž', U"Z\u030C"}, {U'ž', U"z\u030C"}, {U'Ș', U"S\u0326"}, {U'ș', U"s\u0326"}, {U'Ț', U"T\u0326"},
    {U'ț', U"t\u0326"}, {U'Ẁ', U"W\u0300"}, {U'ẁ', U"w\u0300"}, {U'Ẃ', U"W\u0301"}, {U'ẃ', U"w\u0301"},
    {U'Ẅ', U"W\u0308"}, {U'ẅ', U"w\u0308"}, {U'Ỳ', U"Y\u0300"}, {U'ỳ', U"y\u0300"},
};
static_assert(std::ranges::is_sorted(marked_rows, {}, &marked_row::code));

/// A character smaller and somewhere else; in units, see drawing/font_strokes.
struct small_part {
    char32_t of;
    double x, y, scale;
};
struct small_row {
    char32_t code;
    double advance;
    small_part parts[3]; ///< of 0: no more
};

inline constexpr double small = 0.56;

inline constexpr small_row small_rows[] = {
    {U'ª', 12, {{U'a', 0.9, 16, 0.6}, {U'-', -1, 1, 1}}},
    {U'²', 12, {{U'2', 0.4, 12.3, small}}},
    {U'³', 12, {{U'3', 0.4, 12.3, small}}},
    {U'¹', 12, {{U'1', 0.4, 12.3, small}}},
    {U'º', 13, {{U'o', 0.8, 16, 0.6}, {U'-', -0.5, 1, 1}}},
    {U'¼', 29, {{U'1', 0.4, 12.3, small}, {U'⁄', 7, 0, 1}, {U'4', 17.2, 0, small}}},
    {U'½', 29, {{U'1', 0.4, 12.3, small}, {U'⁄', 7, 0, 1}, {U'2', 17.2, 0, small}}},
    {U'¾', 30, {{U'3', 0.4, 12.3, small}, {U'⁄', 8, 0, 1}, {U'4', 18.2, 0, small}}},
    {U'⁰', 12, {{U'0', 0.4, 12.3, small}}},
    {U'⁴', 12, {{U'4', 0.4, 12.3, small}}},
    {U'⁵', 12, {{U'5', 0.4, 12.3, small}}},
    {U'⁶', 12, {{U'6', 0.4, 12.3, small}}},
    {U'⁷', 12, {{U'7', 0.4, 12.3, small}}},
    {U'⁸', 12, {{U'8', 0.4, 12.3, small}}},
    {U'⁹', 12, {{U'9', 0.4, 12.3, small}}},
    {U'⁻', 12, {{U'-', 2, 15, small}}},
    {U'₀', 12, {{U'0', 0.4, -5, small}}},
    {U'₁', 12, {{U'1', 0.4, -5, small}}},
    {U'₂', 12, {{U'2', 0.4, -5, small}}},
    {U'₃', 12, {{U'3', 0.4, -5, small}}},
    {U'₄', 12, {{U'4', 0.4, -5, small}}},
    {U'₅', 12, {{U'5', 0.4, -5, small}}},
    {U'₆', 12, {{U'6', 0.4, -5, small}}},
    {U'₇', 12, {{U'7', 0.4, -5, small}}},
    {U'₈', 12, {{U'8', 0.4, -5, small}}},
    {U'₉', 12, {{U'9', 0.4, -5, small}}},
    {U'⅓', 29, {{U'1', 0.4, 12.3, small}, {U'⁄', 7, 0, 1}, {U'3', 17.2, 0, small}}},
    {U'⅔', 30, {{U'2', 0.4, 12.3, small}, {U'⁄', 8, 0, 1}, {U'3', 18.2, 0, small}}},
    {U'⅛', 29, {{U'1', 0.4, 12.3, small}, {U'⁄', 7, 0, 1}, {U'8', 17.2, 0, small}}},
};
static_assert(std::ranges::is_sorted(small_rows, {}, &small_row::code));

/// One shape under several names. A mark alone stands on a space.
struct same_row {
    char32_t code, as;
};

inline constexpr same_row same_rows[] = {
    {U'\u00A0', U' '}, {U'¨', U'\u0308'}, {U'¯', U'\u0304'}, {U'´', U'\u0301'}, {U'¸', U'\u0327'},
    {U'Đ', U'Ð'},      {U'ˇ', U'\u030C'}, {U'˘', U'\u0306'}, {U'μ', U'µ'},      {U'\u2009', U' '},
    {U'\u2010', U'-'}, {U'\u2011', U'-'}, {U'\u202F', U' '}, {U'\u2126', U'Ω'}, {U'\u212B', U'Å'},
    {U'∅', U'⌀'},      {U'∆', U'Δ'},      {U'∑', U'Σ'},      {U'✔', U'✓'},
};
static_assert(std::ranges::is_sorted(same_rows, {}, &same_row::code));

/// Pairs that stand closer or farther than their advances say, in units; a letter with marks counts as its base.
struct kerning_row {
    std::u32string_view first, second;
    double by;
};

inline constexpr kerning_row kerning_rows[] = {
    {U"AΛ", U"TVY", -4},      {U"TVYP", U"AΛ", -4},      {U"L", U"TVY", -4.5},       {U"A", U"W", -2.5},
    {U"W", U"A", -2.5},       {U"TY", U"acdegoqæœ", -4}, {U"T", U"nmprsuvwxyz", -3}, {U"VWF", U"acdegoqæœ", -2},
    {U"P", U"acdegoqæœ", -1}, {U"TVWYPF", U",.…„‚", -5}, {U"rvwy", U",.…", -2.5},    {U"r", U"acdegoqæœ", -1},
    {U"L", U"’”", -4},        {U"1", U"1", -2},
};

} // namespace kf::drawing
