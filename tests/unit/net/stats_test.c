#include "unit.h"

#include "net/stats.h"

/* Each number has its help, its type and its value, in the form that Prometheus reads. */
static void every_number_is_told(void **state)
{
    (void)state;
    static struct stats stats;
    const struct core_counts counts = {.connections = 11,
                                       .rooms_open = 12,
                                       .rooms_total = 13,
                                       .frames_total = 14,
                                       .bytes_total = 15,
                                       .refused_total = 16,
                                       .code_failures_total = 17};
    DEFER(buf_clear) sotto_buf out = {0};
    stats_core_set(&stats, &counts);
    stats_add(&stats, accepted);
    stats_add(&stats, accepted);
    assert_ok(stats_write(&stats, &out));
    assert_ok(buf_append(&out, view_of("", 1)));
    const char *text = (const char *)out.data;
    static const char *const lines[] = {"\nsottod_connections 11\n",
                                        "\nsottod_session_codes_open 12\n",
                                        "\nsottod_rooms_total 13\n",
                                        "\nsottod_frames_total 14\n",
                                        "\nsottod_bytes_total 15\n",
                                        "\nsottod_refused_total 16\n",
                                        "\nsottod_session_code_failures_total 17\n",
                                        "\nsottod_accepted_total 2\n",
                                        "\n# TYPE sottod_accepted_total counter\n",
                                        "\n# TYPE sottod_session_codes_open gauge\n"};
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        assert_non_null(strstr(text, lines[i]));
#define STATS_IS_THERE(name, what) assert_non_null(strstr(text, "\nsottod_" #name "_total "));
    STATS(STATS_IS_THERE)
#undef STATS_IS_THERE
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_number_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
