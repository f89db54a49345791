#include "report/sweep/breakdown.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "report/html/svg.h"
#include "report/result.h"
#include "report/text.h"

namespace orrery::report {
namespace {

using svg::number;

// Time that is computed is plain, communication is hatched, waiting is dotted.
struct Look {
  const char* colour;
  const char* hatching;  // a path in a square of eight
};
constexpr std::array<Look, sweep::kStepParts.size()> kLooks = {{
    {"#4f86f7", ""},                             // compute
    {"#9db9f5", "M0 4H8"},                       // recompute
    {"#c0549a", "M-2 2 2-2M0 8 8 0M6 10 10 6"},  // exposed TP
    {"#8a63d2", "M-2 6 2 10M0 0 8 8M6-2 10 2"},  // exposed CP
    {"#d2691e", "M0 0 8 8M8 0 0 8"},             // exposed EP
    {"#2f9e9e", "M2 0V8M6 0V8"},                 // exposed PP
    {"#b8860b", "M0 2H8M0 6H8"},                 // exposed DP
    {"#c9ced8", "M3 4h2"},                       // bubble
    {"#5aa469", "M4 0V8"},                       // optimizer
    {"#777777", "M0 4H8M4 0V8"},                 // offload
    {"#a08870", "M0 0h2M4 4h2"},                 // host
    {"#999999", "M1 1h1M5 5h1"},                 // other
}};

constexpr int kBarWidth = 120, kBarHeight = 14;

std::string pattern(std::size_t part) {
  const Look& look = kLooks[part];
  return "<pattern id=\"k" + std::to_string(part) +
         "\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect width=\"8\" height=\"8\" fill=\"" +
         look.colour + "\"/><path d=\"" + look.hatching +
         "\" stroke=\"#fff\" stroke-width=\"1.4\" fill=\"none\"/></pattern>";
}

const char* label_of(std::size_t part) {
  return TimeParts::all()[part].label;
}

// "compute 61.2 %, exposed TP 12.0 %": the largest first.
std::string in_words(const sweep::StepParts& parts, double step) {
  std::array<std::size_t, sweep::kStepParts.size()> order;
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return parts[a] > parts[b]; });
  std::string words;
  for (const std::size_t part : order)
    if (parts[part] > 0)
      words += (words.empty() ? "" : ", ") + std::string(label_of(part)) + ' ' + percent(parts[part] / step);
  return words;
}

constexpr const char* kStyles =
    "<style>td.b{text-align:left}td.b button{font:inherit;color:var(--dim);background:none;border:0;padding:0;cursor:"
    "pointer}td.b svg{vertical-align:middle}td.b button::before{content:'+';display:inline-block;width:1em}"
    "td.b button[aria-expanded=true]::before{content:'\\2212'}.big{display:flex;flex-wrap:wrap;gap:24px;align-items:"
    "flex-start;padding:8px 0}.big table{width:auto}.big td{border:0;padding:0 12px 0 0}.big td:first-child{text-align:"
    "left}.big>svg rect{stroke:var(--paper);stroke-width:1}.big text{fill:#10131a;font-weight:600;paint-order:stroke;"
    "stroke:#fff;stroke-width:3px}</style>";

// Opens a row of its own below the point's. The words come with the page, the figures with the bar.
constexpr const char* kScript = R"html(<script>
document.querySelectorAll('#points button').forEach(function(b){b.onclick=function(){
  var tr=b.closest('tr'),open=b.getAttribute('aria-expanded')!=='true';
  b.setAttribute('aria-expanded',open);
  if(!open){tr.below.remove();tr.below=null;return}
  var t=b.dataset.t.split(' ').map(Number),step=t.reduce(function(a,c){return a+c}),x=0,bar='',W=560;
  var big=document.createElement('div'),table=document.createElement('table');big.className='big';
  function time(s){return s>=1?s.toPrecision(4)+' s':s>=1e-3?(s*1e3).toPrecision(4)+' ms':(s*1e6).toPrecision(4)+' \u00b5s'}
  PARTS.forEach(function(name,i){
    if(!(t[i]>0))return;
    var w=W*t[i]/step,share=(100*t[i]/step).toFixed(1)+' %';
    bar+='<rect x="'+x+'" width="'+w+'" height="44" fill="url(#k'+i+')"><title>'+name+' '+share+'</title></rect>';
    if(w>name.length*7+10)bar+='<text x="'+(x+w/2)+'" y="27" text-anchor="middle">'+name+'</text>';
    x+=w;
    var row=table.insertRow();
    row.insertCell().innerHTML='<svg width="16" height="12"><rect width="16" height="12" fill="url(#k'+i+')"/></svg> '+name;
    row.insertCell().textContent=time(t[i]);row.insertCell().textContent=share;
  });
  big.innerHTML='<svg width="'+W+'" height="44" role="img" aria-label="the same, larger">'+bar+'</svg>';
  big.appendChild(table);
  tr.below=document.createElement('tr');tr.below.className='below';
  var cell=tr.below.insertCell();cell.colSpan=tr.cells.length;cell.style.textAlign='left';cell.appendChild(big);
  tr.after(tr.below);
}});
</script>
)html";

}  // namespace

std::string breakdown_styles() {
  std::string text =
      std::string(kStyles) + "<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\"><defs>";
  for (std::size_t part = 0; part < kLooks.size(); ++part) text += pattern(part);
  return text + "</defs></svg>\n";
}

std::string breakdown_script() {
  std::string names;
  for (std::size_t part = 0; part < kLooks.size(); ++part)
    names += (names.empty() ? "\"" : ",\"") + std::string(label_of(part)) + '"';
  return "<script>var PARTS=[" + names + "];</script>" + kScript;
}

std::string breakdown_cell(const sweep::Outcome& outcome) {
  const double step = std::accumulate(outcome.parts.begin(), outcome.parts.end(), 0.0);
  if (!(step > 0)) return "<td></td>";
  std::string bar, times;
  double x = 0;
  for (std::size_t part = 0; part < outcome.parts.size(); ++part) {
    const double seconds = outcome.parts[part], width = kBarWidth * seconds / step;
    times += (times.empty() ? "" : " ") + significant(seconds, 5);
    if (seconds <= 0) continue;
    bar += "<rect x=\"" + number(x) + "\" width=\"" + number(width) + "\" height=\"" + std::to_string(kBarHeight) +
           "\" fill=\"url(#k" + std::to_string(part) + ")\"/>";
    x += width;
  }
  const std::string words = in_words(outcome.parts, step);
  return "<td class=\"b\" data-v=\"" + significant(outcome.parts[0] / step, 6) +
         "\"><button aria-expanded=\"false\" data-t=\"" + times + "\"><svg width=\"" + std::to_string(kBarWidth) +
         "\" height=\"" + std::to_string(kBarHeight) + "\" role=\"img\" aria-label=\"" + words + "\"><title>" + words +
         "</title>" + bar + "</svg></button></td>";
}

}  // namespace orrery::report
