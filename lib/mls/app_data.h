/* app_data.h - the data of an application's components in a group (draft-ietf-mls-extensions, "Attaching Application Data to
 * MLS Messages", "Updating Application Data in the GroupContext", "Negotiating Extensions and Components").
 * A component is a part of the application with a number of its own. Its data stands in the app_data_dictionary of
 * extension lists: in a GroupContext all members agree on it, and AppDataUpdate proposals change it; in leaves, KeyPackages
 * and GroupInfos it is what their maker put there. What the data means is the application's; here it is bytes.
 * Extension lists are views that extension_list_read() gave, checked then. */
#ifndef MLS_APP_DATA_H
#define MLS_APP_DATA_H

#include "mls/check.h"
#include "mls/proposal.h"

/* Whether a list that was read, of an AppDataDictionary or of a SafeAAD, has this component; *ret_data is what it holds, or
 * left alone. */
bool app_data_find(view list, uint16_t component_id, view *ret_data);
/* The same in the app_data_dictionary of an extension list, if there is one. */
bool app_data_of(view extensions, uint16_t component_id, view *ret_data);

/* An AppDataDictionary: what the extension holds. The writer fails with USAGE if the component_ids don't rise, and with
 * TOO_LARGE over MLS_COMPONENTS_MAX. */
void app_data_dictionary_write(struct wr *w, const struct component_data *components, size_t count);

/* ComponentsList: the data of app_components and of safe_aad, in a leaf what it supports, in a GroupContext what it requires.
 * Look into the list with codec_has_u16(). */
view components_list_read(struct rd *r);
void components_list_write(struct wr *w, const uint16_t *component_ids, size_t count);

/* LEAF_COMPONENTS: whether a leaf lists each component that the group requires, in app_components and in safe_aad. A list that
 * is needed and can't be read lists nothing. */
SOTTO_MUST_USE sotto_err app_data_supported(view group_extensions, view leaf_extensions,
                                            uint32_t leaf_index, struct fault *ret_fault);

/* GCE_APP_DATA: whether a GroupContextExtensions proposal with `proposed` may replace `extensions`: once their
 * required_capabilities name app_data_update, it must repeat the app_data_dictionary as it is, or have none if there is none.
 * To be asked of each such proposal, whether AppDataUpdates come with it or not. `where` is its place in the commit. */
SOTTO_MUST_USE sotto_err app_data_kept(view extensions, view proposed, uint32_t where,
                                       struct fault *ret_fault);

/* What the application makes of a component's updates. The commit may still be refused, and may never be accepted, so nothing is
 * to change but `*ret_after`; all members must come to the same, so it follows from the arguments alone. NULL: the last update
 * is the new data (the draft leaves an update's meaning to the application). */
struct app_data_logic {
    void *context;
    /* The component's new data, which replaces all of the old. `before` is the old (its data NULL: there was none), `updates`
     * are the commit's, in its order; all are borrowed for the call. `*ret_after` is empty. An error refuses the commit. */
    sotto_err (*update)(void *context, uint16_t component_id, view before, const view *updates,
                        size_t count, sotto_buf *ret_after);
};

/* The AppDataUpdates of a commit, in its order, on the extensions of the GroupContext as RFC 9420's own proposals left them;
 * AppEphemerals are looked at before. Components are asked in the order of their ids. `ret_extensions` gets the content of
 * the new list, in place of what it held: the dictionary stands where it stood, or last if it is new, and stays when its last
 * component goes. Whether a component may be removed, and by whom, is for the commit's other rules.
 * APP_DATA_ONE_WAY, APP_DATA_REMOVE, APP_DATA_ACCEPTED, each with the place of an update of that component. TOO_LARGE: more than
 * MLS_COMPONENTS_MAX, MLS_EXTENSIONS_COUNT or MLS_MESSAGE_MAX. NOMEM. */
SOTTO_MUST_USE sotto_err app_data_apply(view extensions, const struct app_data_update *updates,
                                        size_t count, const struct app_data_logic *logic,
                                        sotto_buf *ret_extensions, struct fault *ret_fault);

#endif
