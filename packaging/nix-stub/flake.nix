# SPDX-License-Identifier: MIT
# Stands in for nixpkgs where there is no network, so that flake.nix can be evaluated whole (packaging/check-flake.sh). It is
# strict: each package that is asked for must be in this list, each argument is evaluated to its last leaf. It proves
# nothing about the real nixpkgs: not that a name exists there, not that anything builds.
{
  description = "a strict stand-in for nixpkgs";
  outputs = { self }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "armv6l-linux" "armv7l-linux" ];
      genAttrs = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);
      names = [
        "boost" "ccache" "fast-float" "fish" "fmt" "gdb" "git" "gnumake" "libmd" "libpng" "mandoc" "meson" "ncurses" "ninja"
        "nixpkgs-fmt" "pkg-config" "pugixml" "python3" "scdoc" "tmux" "utf8cpp" "yaml-cpp" "zlib" "zsh"
      ];
      fake = system: name: builtins.derivation { inherit name system; builder = "/bin/sh"; };
      strict = value: builtins.deepSeq value value;
      # What a derivation is made of has to evaluate; a derivation among it counts by its path.
      leaves = value:
        if builtins.isAttrs value && value ? outPath then value.outPath
        else if builtins.isAttrs value then builtins.mapAttrs (_: leaves) value
        else if builtins.isList value then map leaves value
        else value;
      set = system: kind:
        let
          made = name: arguments: builtins.seq (strict (leaves arguments)) (fake system name);
        in
        genAttrs names (name: fake system (kind + name)) // {
          llvmPackages_19 = { clang = fake system "clang"; clang-tools = fake system "clang-tools"; };
          python3Packages = { pyserial = fake system "pyserial"; };
          lib = { licenses = { mit = { spdxId = "MIT"; }; }; platforms = { linux = systems; }; };
          stdenv = { mkDerivation = arguments: made (kind + arguments.pname + "-" + arguments.version) arguments; };
          mkShell = arguments: made "shell" arguments;
          writeShellScriptBin = name: text: made name { inherit text; };
          runCommand = name: arguments: script: made name { inherit arguments script; };
        };
    in
    {
      lib = { inherit genAttrs; };
      legacyPackages = genAttrs systems (system: set system "" // { pkgsStatic = set system "static-"; });
    };
}
