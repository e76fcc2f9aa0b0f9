// SPDX-License-Identifier: BSD-2-Clause
// Fields of JSON that others wrote: whatever is missing, or is of another type, is empty.
#pragma once

#include <cstdint>
#include <rapidjson/document.h>
#include <string_view>

namespace brpath::json {

using Value = rapidjson::Value;

// Empty if it is no string.
inline std::string_view text(const Value &value) {
    return value.IsString() ? std::string_view(value.GetString(), value.GetStringLength())
                            : std::string_view();
}

// nullptr if it is no object or has no such member.
inline const Value *member(const Value *object, const char *key) {
    if (!object || !object->IsObject())
        return nullptr;
    const auto found = object->FindMember(key);
    return found == object->MemberEnd() ? nullptr : &found->value;
}

inline std::string_view text_at(const Value *object, const char *key) {
    const Value *value = member(object, key);
    return value ? text(*value) : std::string_view();
}

inline bool is_true_at(const Value *object, const char *key) {
    const Value *value = member(object, key);
    return value && value->IsBool() && value->GetBool();
}

// 0 if it is no port number.
inline std::uint16_t port_at(const Value *object, const char *key) {
    const Value *value = member(object, key);
    return value && value->IsUint() && value->GetUint() <= 0xffff
               ? static_cast<std::uint16_t>(value->GetUint())
               : 0;
}

template <typename Visit> void for_each(const Value *array, Visit visit) {
    if (array && array->IsArray())
        for (const Value &item : array->GetArray())
            visit(item);
}

// Not by recursion: a million brackets must not need a million stack frames. False if it is not JSON in
// UTF-8.
inline bool parse(rapidjson::Document &document, std::string_view content) {
    document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(content.data(),
                                                                                           content.size());
    return !document.HasParseError();
}

} // namespace brpath::json
