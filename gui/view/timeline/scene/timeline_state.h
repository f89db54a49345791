#pragma once

#include <QObject>
#include <QString>
#include <functional>
#include <optional>
#include <vector>

#include "gui/view/timeline/scene/scene.h"

namespace orrery::gui {

// A part of the picture that a person drew a box around; heights from the top of all lanes.
struct Area {
  TimeRange range;
  int top = 0, bottom = 0;
};

// A remark at a moment.
struct TimelineNote {
  Ns when = 0;
  QString text;
};

// What is shown, what is selected, and every way to change it. The widgets of a
// timeline (canvas, tree, ruler, minimap) share one; they draw it and tell it what
// the hand did.
class TimelineState : public QObject {
  Q_OBJECT

 public:
  explicit TimelineState(QObject* parent = nullptr);

  const Scene& scene() const { return scene_; }
  const TraceModel& model() const { return *scene_.model; }
  // `same_trace`: more of what was there before; the view and the choices stay.
  void set_model(std::shared_ptr<const TraceModel> model, bool same_trace);
  void set_theme(const Theme& theme);
  void set_colour_by(ColourBy by);
  // Colours by how much longer an operation takes than elsewhere, from its name.
  void set_ratios(std::function<double(const std::string& name)> ratio_of);
  // Another trace in the lower half of the lanes; null takes it away.
  void set_second(std::shared_ptr<const SecondTrace> second);
  // Beyond the trace there is that much to see: of another that moves with it. Empty: nothing.
  void set_beyond(TimeRange beyond);
  void set_size(int width, int height);  // of the canvas
  void set_hits(Marks hits);
  // The critical path of a run, and how far from it all else is.
  void set_critical(Marks critical, Slack slack);
  bool has_critical() const { return !scene_.critical.empty(); }
  void toggle_critical();

  // Getting about.
  void zoom(double factor);  // at the pointer, or the middle where it is elsewhere
  void zoom_at(double factor, double x);
  void pan(double pixels);
  void scroll(int pixels);
  void set_scroll(int y);
  int most_scroll() const;
  void show_all();
  void show(TimeRange range, double margin = 0);
  void align(TimeRange range);  // without a place in the history
  void show_steady_step();      // the last step of the trace, where it says which
  void back();
  void forward();
  void set_pointer(std::optional<double> x) { pointer_ = x; }

  // The selected event.
  EventRef selected() const { return selected_; }
  void select(EventRef event);
  void select_and_reveal(EventRef event);
  void step(int by);          // along the row
  void follow(bool forward);  // along an arrow
  void focus();               // fills the picture with it, then shows what there was
  void clear();
  EventRef hovered() const { return hovered_; }
  void hover(EventRef event);
  void next_hit(bool forward);

  // The selected area.
  const std::optional<Area>& area() const { return area_; }
  void set_area(std::optional<Area> area);
  void area_from_selection();
  void area_from_view();
  void show_area();
  std::vector<std::uint32_t> area_tracks() const;
  const std::optional<TimeRange>& measure() const { return measure_; }
  void set_measure(std::optional<TimeRange> measure);
  // From the begin of the one of the two that were selected last to the end of the other; of
  // one where there was none before.
  void measure_selection();

  const std::vector<TimelineNote>& notes() const { return notes_; }
  void set_notes(std::vector<TimelineNote> notes);
  Ns note_moment() const;  // where a note would go: the selection, else the pointer

  // Lanes.
  const LaneChoices& choices() const { return scene_.choices; }
  void set_choices(LaneChoices choices);
  void toggle_collapsed(const Lane& lane);
  void set_all_collapsed(bool collapsed);
  void toggle_pinned(const Lane& lane);
  static bool can_pin(const Lane& lane) { return lane.is != Lane::Is::group && lane.is != Lane::Is::second; }
  void move_to_top(const Lane& lane);
  // To another place among its siblings: beside one of them, or past the next that is seen.
  void move_beside(const std::string& path, const std::string& other, bool behind);
  void move_current(int by);
  int current_lane() const { return current_lane_; }  // of the tree; -1: none
  void set_current_lane(int lane);
  void reveal_track(std::uint32_t track);

 signals:
  void model_changed();
  void colours_changed();  // as well as the picture
  void limits_changed();   // what there is to see at all
  void picture_changed();  // anything that lanes are drawn from
  void overlay_changed();  // what is drawn on top
  void selection_changed();
  void area_changed();
  void choices_changed();

 private:
  void keep_scroll();
  void set_limits();
  void lanes_changed();
  int lane_of(const std::string& path) const;

  Scene scene_;
  int height_ = 1;
  std::optional<double> pointer_;
  EventRef selected_ = EventRef::none(), selected_before_ = EventRef::none(), hovered_ = EventRef::none();
  std::optional<Area> area_;
  std::optional<TimeRange> measure_;
  std::vector<TimelineNote> notes_;
  TimeRange beyond_;
  bool focused_ = false;
  int current_lane_ = -1;
};

}  // namespace orrery::gui
