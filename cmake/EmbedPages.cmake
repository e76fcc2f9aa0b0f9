# SPDX-License-Identifier: BSD-2-Clause
# add_pages(output.cpp folder): writes output.cpp, which defines brpath::pages() (explain/pages.hpp), from the pages
# in the folder: every .md file but its README. A page that comes or goes needs no other change.
#
# It runs twice: included, it makes the rule; as a script (cmake -P, at build time), it writes the file.

function(add_pages output folder)
    file(GLOB pages CONFIGURE_DEPENDS ${folder}/*.md)
    list(FILTER pages EXCLUDE REGEX "/README[.]md$")
    add_custom_command(
        OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} "-DPAGES=${pages}" -DOUTPUT=${output} -P ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
        DEPENDS ${pages} ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
        COMMENT "pages of ${folder}"
        VERBATIM)
endfunction()

function(write_pages output)
    set(rows "")
    foreach(page IN LISTS ARGN)
        get_filename_component(id ${page} NAME_WE)
        file(READ ${page} text)
        string(FIND "${text}" ")page\"" delimiter)
        if(NOT delimiter EQUAL -1)
            message(FATAL_ERROR "${page}: it has the characters that end a page")
        endif()
        string(APPEND rows "    Page{\"${id}\", R\"page(${text})page\"},\n")
    endforeach()
    list(LENGTH ARGN count)
    file(WRITE ${output} "// Made by cmake/EmbedPages.cmake.\n"
        "#include \"explain/pages.hpp\"\n\n#include <array>\n\nnamespace brpath {\n\n"
        "std::span<const Page> pages() {\n"
        "    static constexpr std::array<Page, ${count}> rows = {\n${rows}    };\n    return rows;\n}\n\n"
        "} // namespace brpath\n")
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
    write_pages(${OUTPUT} ${PAGES})
endif()
