#include "report/html/page_template.h"

namespace orrery::report {
namespace {

constexpr std::string_view kHead = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{title}}</title>
<style>
:root{--ink:#1a1f2b;--paper:#fff;--dim:#667085;--line:#e4e7ec;--panel:#f7f8fa}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ef;--paper:#14171f;--dim:#98a2b3;--line:#2a2f3a;--panel:#1c202a}}
body{font:14px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1100px;margin:2em auto;padding:0 1em}
h1{font-size:1.5em;margin:0 0 .2em}h2{font-size:1.1em;margin:2em 0 .5em}small,.note{color:var(--dim)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;margin:1.2em 0}
.figure{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px 14px}
.figure b{display:block;font-size:1.5em}
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:500;color:var(--dim)}
td,th{padding:3px 10px 3px 0;border-bottom:1px solid var(--line)}.n td+td,.n th+th{text-align:right}
.chart{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px}
.chart>svg{width:100%;height:auto;display:block}svg text{font:11px system-ui,sans-serif;fill:var(--ink)}
.timeline{display:flex}.names{position:relative;flex:0 0 64px}.names span{position:absolute;font-size:12px;color:var(--dim)}
.stretch{overflow-x:auto;flex:1}.stretch>svg{width:100%;display:block}.stretch text{text-anchor:middle;fill:#10131a}
.far text{display:none}
.stretch rect{stroke:var(--panel);stroke-width:.5}
.aF{fill:#8ab6ff}.aB{fill:#7fd19b}.aI{fill:#a6e0b8}.aW{fill:#f0c36c}.c1{filter:brightness(.86)}
.t-tp{fill:#c0549a}.t-cp{fill:#8a63d2}.t-ep{fill:#d2691e}.t-pp{fill:#2f9e9e}.t-dp{fill:#b8860b}.t-offload,.t-host,.t-optimizer,.t-other{fill:#888}
.p-compute_s{fill:#4f86f7}.p-recompute_s{fill:#9db9f5}.p-exposed_tp_s{fill:#c0549a}.p-exposed_cp_s{fill:#8a63d2}.p-exposed_ep_s{fill:#d2691e}
.p-exposed_pp_s{fill:#2f9e9e}.p-exposed_dp_s{fill:#b8860b}.p-bubble_s{fill:#c9ced8}.p-optimizer_s{fill:#5aa469}.p-offload_s,.p-host_s,.p-other_s{fill:#888}
.key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.5em;vertical-align:-1px}
.m{fill:none;stroke:hsl(var(--hue),60%,50%);stroke-width:1.5}.limit{stroke:#d33;stroke-dasharray:6 4}
button{font:inherit;border:1px solid var(--line);background:var(--panel);color:var(--ink);border-radius:6px;padding:2px 10px}
ul{padding-left:1.2em}details summary{cursor:pointer;color:var(--dim)}
</style>
</head>
<body>
)html";

// Timelines of one page are stretched and moved together.
constexpr std::string_view kTail = R"html(<script>
(function(){
  var strips=[].slice.call(document.querySelectorAll('.stretch')),zoom=1;
  function drawing(strip){return strip.firstElementChild}
  function label(){strips.forEach(function(strip){
    var d=drawing(strip);d.classList.toggle('far',d.dataset.box/1000*d.clientWidth<34);
  })}
  label();addEventListener('resize',label);
  function stretch(to,at){
    to=Math.min(200,Math.max(1,to));
    strips.forEach(function(strip){
      var x=at===undefined?strip.clientWidth/2:at,place=(strip.scrollLeft+x)/(strip.clientWidth*zoom);
      drawing(strip).style.width=100*to+'%';strip.scrollLeft=place*strip.clientWidth*to-x;
    });
    zoom=to;label();
  }
  document.querySelectorAll('button[data-by]').forEach(function(b){
    b.onclick=function(){stretch(b.dataset.by==='0'?1:zoom*b.dataset.by)};
  });
  strips.forEach(function(strip){
    strip.addEventListener('wheel',function(e){
      if(!e.ctrlKey)return;
      e.preventDefault();stretch(zoom*(e.deltaY<0?1.25:0.8),e.clientX-strip.getBoundingClientRect().left);
    },{passive:false});
    strip.addEventListener('scroll',function(){
      strips.forEach(function(other){if(other!==strip)other.scrollLeft=strip.scrollLeft});
    });
  });
})();
</script>
</body>
</html>
)html";

}  // namespace

std::string page_around(std::string_view body) {
  return std::string(kHead) + std::string(body) + std::string(kTail);
}

}  // namespace orrery::report
