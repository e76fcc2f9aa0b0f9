// SPDX-License-Identifier: BSD-2-Clause
// Members of JSON objects, written as they go. `Writer` is one of RapidJSON's; printable() leaves it valid
// UTF-8 only.
#pragma once

#include "util/printable.hpp"

#include <cstdint>
#include <optional>
#include <rapidjson/rapidjson.h>
#include <string>
#include <vector>

namespace brpath {

template <typename Writer> class JsonValues {
  protected:
    explicit JsonValues(Writer &writer) : to_(writer) {}

    template <typename Members> void object(Members members) {
        to_.StartObject();
        members();
        to_.EndObject();
    }

    template <typename Members> void object(const char *key, Members members) {
        to_.Key(key);
        object(members);
    }

    // An object for each item, with the members that put() writes.
    template <typename Item, typename Put>
    void objects(const char *key, const std::vector<Item> &items, Put put) {
        to_.Key(key);
        to_.StartArray();
        for (const auto &item : items)
            object([&] { put(item); });
        to_.EndArray();
    }

    void texts(const char *key, const std::vector<std::string> &texts) {
        to_.Key(key);
        to_.StartArray();
        for (const auto &item : texts)
            value(item);
        to_.EndArray();
    }

    void value(const std::string &text) {
        const auto safe = printable(text);
        to_.String(safe.data(), static_cast<rapidjson::SizeType>(safe.size()));
    }

    void text(const char *key, const std::string &text) {
        to_.Key(key);
        value(text);
    }

    void text_or_null(const char *key, const std::string &content) {
        to_.Key(key);
        if (content.empty())
            to_.Null();
        else
            value(content);
    }

    void number(const char *key, std::int64_t number) {
        to_.Key(key);
        to_.Int64(number);
    }

    template <typename Number> void number_or_null(const char *key, const std::optional<Number> &value) {
        to_.Key(key);
        if (value)
            to_.Int64(*value);
        else
            to_.Null();
    }

    Writer &to_;
};

} // namespace brpath
