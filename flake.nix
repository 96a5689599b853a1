# SPDX-License-Identifier: MIT
# nix develop: a shell with all that `make check` needs. nix build, nix run .#kplot, nix flake check.
# There is no flake.lock yet: it has to be made where github.com can be reached (`nix flake lock`).
{
  description = "kflash, kplot, kcal, kjog and ksim: tools for Klipper boards and pen gantries";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.05";

  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "armv6l-linux" "armv7l-linux" ];
      each = f: nixpkgs.lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      version = builtins.head (builtins.match ".*version: '([0-9.]+)'.*" (builtins.readFile ./meson.build));

      libraries = p: [ p.boost p.fmt p.fast-float p.libmd p.libpng p.pugixml p.utf8cpp p.yaml-cpp p.zlib p.ncurses ];
      builders = p: [ p.meson p.ninja p.pkg-config p.scdoc ];
      # The Makefile calls them as Debian does.
      named = p: name: program: p.writeShellScriptBin name ''exec ${program} "$@"'';
      checkers = p: [
        p.ccache
        p.fish
        p.gdb
        p.git
        p.gnumake
        (named p "clang++-19" "${p.llvmPackages_19.clang}/bin/clang++")
        (named p "clang-format-19" "${p.llvmPackages_19.clang-tools}/bin/clang-format")
        p.mandoc
        p.python3
        p.python3Packages.pyserial
        p.tmux
        p.zsh
      ];

      kf = p: p.stdenv.mkDerivation {
        pname = "kf";
        inherit version;
        src = self;
        nativeBuildInputs = builders p;
        buildInputs = libraries p;
        mesonFlags = [ "-Dtests=false" "-Dmanuals=enabled" ];
        meta = {
          description = "Tools for Klipper boards and pen gantries";
          license = p.lib.licenses.mit;
          platforms = p.lib.platforms.linux;
          mainProgram = "kflash";
        };
      };

      tools = builtins.filter (x: builtins.isString x && x != "") (builtins.split "\n" (builtins.readFile ./packaging/tools));
      app = p: name: {
        type = "app";
        program = "${kf p}/bin/${name}";
        meta.description = "${name} of kf";
      };
    in
    {
      packages = each (p: {
        default = kf p;
        kf = kf p;
        static = kf p.pkgsStatic;
      });

      apps = each (p: {
        default = app p "kflash";
      } // nixpkgs.lib.genAttrs tools (app p));

      devShells = each (p: {
        default = p.mkShell {
          packages = builders p ++ checkers p ++ libraries p;
          KF_SETUP = "none"; # apt has nothing to install here
        };
      });

      checks = each (p: {
        build = kf p;
        selftest = p.runCommand "kf-selftest" { } ''
          for tool in ${toString tools}; do ${kf p}/bin/$tool --selftest; done > $out
        '';
      });

      formatter = each (p: p.nixpkgs-fmt);
    };
}
