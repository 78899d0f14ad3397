# The page of `pegbox serve`: its files in share/pegbox/page beside the folder of the program, where it looks for them in a
# build as where it is installed. In a build they are links, so that a change is seen when the server starts again.
set(page_source ${CMAKE_SOURCE_DIR}/src/app/page)
cmake_path(SET page_folder NORMALIZE ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/../share/pegbox/page)
file(GLOB_RECURSE page_files CONFIGURE_DEPENDS RELATIVE ${page_source} ${page_source}/*.html ${page_source}/*.css ${page_source}/*.js
     ${page_source}/*.svg)
file(REMOVE_RECURSE ${page_folder})
foreach(page_file ${page_files})
  cmake_path(GET page_file PARENT_PATH page_file_folder)
  file(MAKE_DIRECTORY ${page_folder}/${page_file_folder})
  file(CREATE_LINK ${page_source}/${page_file} ${page_folder}/${page_file} SYMBOLIC)
endforeach()
install(DIRECTORY ${page_source}/ DESTINATION share/pegbox/page)

# What it draws with, from the plotly wheel. Without it the page has tables alone.
file(GLOB plotly ${PEGBOX_VENV}/lib/python3*/site-packages/plotly/package_data/plotly.min.js)
if(plotly)
  file(CREATE_LINK ${plotly} ${page_folder}/plotly.min.js SYMBOLIC)
  install(FILES ${plotly} DESTINATION share/pegbox/page)
else()
  message(STATUS "no plotly in ${PEGBOX_VENV}: the page of `pegbox serve` will show tables and no plots")
endif()
