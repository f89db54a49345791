#pragma once

#include <string>

namespace CLI {
class App;
}

namespace orrery::cli {

// --plot OUT.svg or OUT.png: a drawing beside what is printed.
class PlotOption {
 public:
  // A name that ends otherwise is refused before anything runs, and so is .png where no
  // program of ours can write it.
  void add_to(CLI::App& app, const std::string& what);

  bool wanted() const { return !path_.empty(); }
  // Whether the drawing could be written; if not, it has been told why.
  bool write(const std::string& svg) const;

 private:
  std::string path_;
};

}  // namespace orrery::cli
