/*
 * The layout of <meterpipe/plugin.h>, a line for each number that plugins have
 * been compiled with: where members stand, and what constants are.  abi.sh
 * builds it with the header of each released interface and with today's; a line
 * that was there once must be there for ever.
 */
#include <inttypes.h>
#include <stdio.h>

#include <meterpipe/plugin.h>

#define MEMBER(type, member)                                                   \
  printf("%s.%s %zu %zu\n", #type, #member, offsetof(struct type, member),     \
         sizeof(((struct type *)0)->member))
#define CONSTANT(name) printf("%s %" PRId64 "\n", #name, (int64_t)(name))

static void
print_members(void)
{
  MEMBER(mp_value, struct_size);
  MEMBER(mp_value, kind);
  MEMBER(mp_value, coef);
  MEMBER(mp_value, exp10);
  MEMBER(mp_value, reserved);
  MEMBER(mp_value, time_ms);
  MEMBER(mp_value, unit);
  MEMBER(mp_value, serial);
  MEMBER(mp_value, text);
  MEMBER(mp_option, key);
  MEMBER(mp_option, type);
  MEMBER(mp_option, flags);
  MEMBER(mp_option, def);
  MEMBER(mp_option, allowed);
  MEMBER(mp_option, help);
  printf("mp_option %zu\n", sizeof(struct mp_option)); /* an array */
  MEMBER(mp_operand, struct_size);
  MEMBER(mp_operand, flags);
  MEMBER(mp_operand, value);
  MEMBER(mp_operand, place);
  MEMBER(mp_operand, reserved);
  MEMBER(mp_host, struct_size);
  MEMBER(mp_host, abi_version);
  MEMBER(mp_host, ctx);
  MEMBER(mp_host, name);
  MEMBER(mp_host, vlog);
  MEMBER(mp_host, vfail);
  MEMBER(mp_host, option);
  MEMBER(mp_host, option_int);
  MEMBER(mp_host, option_decimal);
  MEMBER(mp_host, operand);
  MEMBER(mp_host, field);
  MEMBER(mp_host, target);
  MEMBER(mp_host, now);
  MEMBER(mp_host, time_left);
  MEMBER(mp_host, cancel_fd);
  MEMBER(mp_host, store_get);
  MEMBER(mp_host, store_set);
  MEMBER(mp_host, decimal_parse);
  MEMBER(mp_host, decimal_format);
  MEMBER(mp_host, decimal_add);
  MEMBER(mp_host, decimal_sub);
  MEMBER(mp_host, decimal_compare);
  MEMBER(mp_host, decimal_round);
  MEMBER(mp_host, decimal_shows);
  MEMBER(mp_host, unit_convert);
  MEMBER(mp_field, struct_size);
  MEMBER(mp_field, kind);
  MEMBER(mp_field, name);
  MEMBER(mp_field, number);
  MEMBER(mp_field, label);
  MEMBER(mp_field, unit);
  MEMBER(mp_field_sink, struct_size);
  MEMBER(mp_field_sink, reserved);
  MEMBER(mp_field_sink, ctx);
  MEMBER(mp_field_sink, field);
  MEMBER(mp_sink, struct_size);
  MEMBER(mp_sink, reserved);
  MEMBER(mp_sink, ctx);
  MEMBER(mp_sink, emit);
  MEMBER(mp_sink, serial);
  MEMBER(mp_probe_item, struct_size);
  MEMBER(mp_probe_item, reserved);
  MEMBER(mp_probe_item, field);
  MEMBER(mp_probe_item, number);
  MEMBER(mp_probe_item, label);
  MEMBER(mp_probe_item, value);
  MEMBER(mp_probe_item, remark);
  MEMBER(mp_probe_attempt, struct_size);
  MEMBER(mp_probe_attempt, answered);
  MEMBER(mp_probe_attempt, crc_errors);
  MEMBER(mp_probe_attempt, noise_bytes);
  MEMBER(mp_probe_attempt, round_trip_ms);
  MEMBER(mp_probe_attempt, what);
  MEMBER(mp_probe_sink, struct_size);
  MEMBER(mp_probe_sink, reserved);
  MEMBER(mp_probe_sink, ctx);
  MEMBER(mp_probe_sink, item);
  MEMBER(mp_probe_sink, progress);
  MEMBER(mp_probe_sink, attempt);
  MEMBER(mp_input_ops, struct_size);
  MEMBER(mp_input_ops, flags);
  MEMBER(mp_input_ops, field);
  MEMBER(mp_input_ops, list_fields);
  MEMBER(mp_input_ops, default_fields);
  MEMBER(mp_input_ops, replay_plugin);
  MEMBER(mp_input_ops, open);
  MEMBER(mp_input_ops, close);
  MEMBER(mp_input_ops, read);
  MEMBER(mp_input_ops, identify);
  MEMBER(mp_input_ops, check);
  MEMBER(mp_input_ops, probe);
  MEMBER(mp_transform_ops, struct_size);
  MEMBER(mp_transform_ops, flags);
  MEMBER(mp_transform_ops, apply);
  MEMBER(mp_target, struct_size);
  MEMBER(mp_target, flags);
  MEMBER(mp_target, name);
  MEMBER(mp_target, part);
  MEMBER(mp_target, source);
  MEMBER(mp_shown, struct_size);
  MEMBER(mp_shown, target);
  MEMBER(mp_shown, answer);
  MEMBER(mp_shown, place);
  MEMBER(mp_shown, value);
  MEMBER(mp_shown, updated);
  MEMBER(mp_shown, step_coef);
  MEMBER(mp_shown, step_exp10);
  MEMBER(mp_shown, wait_ms);
  MEMBER(mp_shown_sink, struct_size);
  MEMBER(mp_shown_sink, reserved);
  MEMBER(mp_shown_sink, ctx);
  MEMBER(mp_shown_sink, shown);
  MEMBER(mp_record, struct_size);
  MEMBER(mp_record, reserved);
  MEMBER(mp_record, time_ms);
  MEMBER(mp_record, id);
  MEMBER(mp_result_sink, struct_size);
  MEMBER(mp_result_sink, reserved);
  MEMBER(mp_result_sink, ctx);
  MEMBER(mp_result_sink, result);
  MEMBER(mp_listed, struct_size);
  MEMBER(mp_listed, reserved);
  MEMBER(mp_listed, name);
  MEMBER(mp_listed, label);
  MEMBER(mp_listed, type);
  MEMBER(mp_listed, value);
  MEMBER(mp_listed, unit);
  MEMBER(mp_listed, updated);
  MEMBER(mp_list_sink, struct_size);
  MEMBER(mp_list_sink, reserved);
  MEMBER(mp_list_sink, ctx);
  MEMBER(mp_list_sink, listed);
  MEMBER(mp_output_ops, struct_size);
  MEMBER(mp_output_ops, flags);
  MEMBER(mp_output_ops, delivery);
  MEMBER(mp_output_ops, reserved);
  MEMBER(mp_output_ops, target_prefix);
  MEMBER(mp_output_ops, target_parts);
  MEMBER(mp_output_ops, open);
  MEMBER(mp_output_ops, close);
  MEMBER(mp_output_ops, fetch);
  MEMBER(mp_output_ops, begin);
  MEMBER(mp_output_ops, write);
  MEMBER(mp_output_ops, commit);
  MEMBER(mp_output_ops, token);
  MEMBER(mp_output_ops, recover);
  MEMBER(mp_output_ops, list);
  MEMBER(mp_output_ops, create_target);
  MEMBER(mp_output_ops, check);
  MEMBER(mp_output_ops, delivery_option);
  MEMBER(mp_plugin, struct_size);
  MEMBER(mp_plugin, abi_version);
  MEMBER(mp_plugin, name);
  MEMBER(mp_plugin, version);
  MEMBER(mp_plugin, summary);
  MEMBER(mp_plugin, options);
  MEMBER(mp_plugin, create);
  MEMBER(mp_plugin, destroy);
  MEMBER(mp_plugin, input);
  MEMBER(mp_plugin, transform);
  MEMBER(mp_plugin, output);
}

static void
print_constants(void)
{
  CONSTANT(MP_ABI_VERSION);
  CONSTANT(MP_OK);
  CONSTANT(MP_DROP);
  CONSTANT(MP_HOLD);
  CONSTANT(MP_REBASE);
  CONSTANT(MP_END);
  CONSTANT(MP_SKIP);
  CONSTANT(MP_ECONFIG);
  CONSTANT(MP_EPERM);
  CONSTANT(MP_EINTERNAL);
  CONSTANT(MP_ENOMEM);
  CONSTANT(MP_EIO);
  CONSTANT(MP_ECREATE);
  CONSTANT(MP_ENOINPUT);
  CONSTANT(MP_ETIMEOUT);
  CONSTANT(MP_EPROTO);
  CONSTANT(MP_EDATA);
  CONSTANT(MP_ERANGE);
  CONSTANT(MP_EREFUSED);
  CONSTANT(MP_EBUSY);
  CONSTANT(MP_EAGAIN);
  CONSTANT(MP_ECANCELED);
  CONSTANT(MP_COUNTER);
  CONSTANT(MP_GAUGE);
  CONSTANT(MP_DELTA);
  CONSTANT(MP_TEXT);
  CONSTANT(MP_TYPE_STRING);
  CONSTANT(MP_TYPE_PATH);
  CONSTANT(MP_TYPE_INT);
  CONSTANT(MP_TYPE_DECIMAL);
  CONSTANT(MP_TYPE_DURATION);
  CONSTANT(MP_TYPE_SIZE);
  CONSTANT(MP_TYPE_BOOL);
  CONSTANT(MP_TYPE_CHOICE);
  CONSTANT(MP_TYPE_SECRET);
  CONSTANT(MP_TYPE_VALUE);
  CONSTANT(MP_TYPE_OPERAND);
  CONSTANT(MP_TYPE_FIELDS);
  CONSTANT(MP_REQUIRED);
  CONSTANT(MP_BASE);
  CONSTANT(MP_TOTAL);
  CONSTANT(MP_OPERAND_MISSING);
  CONSTANT(MP_OPERAND_FIRST);
  CONSTANT(MP_OPERAND_ROUNDED);
  CONSTANT(MP_OPERAND_OTHER_METER);
  CONSTANT(MP_LOG_ERROR);
  CONSTANT(MP_LOG_WARNING);
  CONSTANT(MP_LOG_NOTICE);
  CONSTANT(MP_LOG_INFO);
  CONSTANT(MP_LOG_DEBUG);
  CONSTANT(MP_EXACT);
  CONSTANT(MP_SERIAL_READ);
  CONSTANT(MP_SERIAL_ASSUMED);
  CONSTANT(MP_INPUT_RECORDING);
  CONSTANT(MP_INPUT_ALL_FIELDS);
  CONSTANT(MP_PROBE_WATCH);
  CONSTANT(MP_LIVE);
  CONSTANT(MP_LATEST);
  CONSTANT(MP_APPEND);
  CONSTANT(MP_HISTORY);
  CONSTANT(MP_TARGET_BASE);
  CONSTANT(MP_TARGET_TOTAL);
  CONSTANT(MP_TARGET_DELTA);
  CONSTANT(MP_TARGET_READ);
  CONSTANT(MP_SHOWN_VALUE);
  CONSTANT(MP_SHOWN_EMPTY);
  CONSTANT(MP_SHOWN_ABSENT);
  CONSTANT(MP_SHOWN_UNFIT);
  CONSTANT(MP_ACCEPTED);
  CONSTANT(MP_NOT_SENT);
  CONSTANT(MP_PERHAPS);
  CONSTANT(MP_RETRY);
  CONSTANT(MP_REJECTED);
  CONSTANT(MP_ALL_TARGETS);
  CONSTANT(MP_OUTPUT_TAKES_ALL);
  CONSTANT(MP_CREATE_PLAN);
}

int
main(void)
{
  print_members();
  print_constants();
  return 0;
}
