// SPDX-License-Identifier: MIT
#pragma once
/// Which vocabulary a name of the document belongs to: by the URI that its prefix is bound to where it stands, never by
/// the prefix itself. XML Namespaces 1.0.

#include <cstddef>
#include <string_view>
#include <vector>

namespace kf::svg {

inline constexpr std::string_view svg_uri = "http://www.w3.org/2000/svg";
inline constexpr std::string_view xlink_uri = "http://www.w3.org/1999/xlink";
inline constexpr std::string_view inkscape_uri = "http://www.inkscape.org/namespaces/inkscape";

/// What drawing programs keep for themselves; whoever views the drawing misses nothing of it.
[[nodiscard]] inline bool is_private_vocabulary(std::string_view uri) noexcept {
    constexpr std::string_view begins[] = {"http://www.inkscape.org/",
                                           "http://sodipodi.sourceforge.net/",
                                           "http://inkscape.sourceforge.net/",
                                           "http://www.w3.org/1999/02/22-rdf",
                                           "http://web.resource.org/cc",
                                           "http://creativecommons.org/ns",
                                           "https://creativecommons.org/ns",
                                           "http://purl.org/dc/",
                                           "http://ns.adobe.com/",
                                           "adobe:ns:meta",
                                           "http://schemas.microsoft.com/",
                                           "http://www.serif.com/",
                                           "http://www.bohemiancoding.com/",
                                           "http://vectornator.io",
                                           "http://www.corel.com/",
                                           "http://xml.openoffice.org/",
                                           "http://www.w3.org/XML/1998/",
                                           "http://boxy-svg.com"};
    for (const std::string_view begin : begins)
        if (uri.starts_with(begin)) return true;
    return false;
}

/// The bindings in scope, from the root inwards. The views have to outlive it.
class xml_scope {
  public:
    /// Where the element's own bindings begin, for leave().
    [[nodiscard]] std::size_t enter() const noexcept { return bindings_.size(); }
    void leave(std::size_t mark) { bindings_.resize(mark); }
    void bind(std::string_view prefix, std::string_view uri) { bindings_.push_back({prefix, uri}); }

    /// The URI of a prefix ("" for the default); the usual one for a usual prefix that nobody declared.
    [[nodiscard]] std::string_view uri_of(std::string_view prefix) const noexcept {
        for (auto b = bindings_.rbegin(); b != bindings_.rend(); ++b)
            if (b->prefix == prefix) return b->uri;
        if (prefix == "svg") return svg_uri;
        if (prefix == "xlink") return xlink_uri;
        if (prefix == "inkscape") return inkscape_uri;
        if (prefix == "sodipodi") return "http://sodipodi.sourceforge.net/";
        if (prefix == "xml") return "http://www.w3.org/XML/1998/namespace";
        return {};
    }

  private:
    struct binding {
        std::string_view prefix, uri;
    };
    std::vector<binding> bindings_ = {};
};

} // namespace kf::svg
